import { initialize, normal } from "@graticule/nn";
import { reshape, type Tensor } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  ChannelVitWithHeads,
  type ChannelVitWithHeadsConfig,
  channelTree,
  HyperspectralMae,
  hyperspectralMaeConfig,
  loadMaeEncoder,
  vitLayerDecay,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

const inChannels = 5;
const mae = hyperspectralMaeConfig("tiny", {
  ...{ inChannels, imageSize: [4, 6], patchSize: 2, embedDim: 8, depth: 4, numHeads: 2, mlpDim: 16 },
  ...{ decoderEmbedDim: 4, decoderDepth: 1, decoderNumHeads: 2 },
  channelTree: channelTree("tree0", { inChannels, groups: 2, reducer: "linear" }),
});
const { decoderEmbedDim, decoderDepth, decoderNumHeads, decoderMlpDim, ...encoder } = mae;
const config: ChannelVitWithHeadsConfig = {
  ...encoder,
  heads: [
    { kind: "linear", outputs: 3 },
    { kind: "pooled", outputs: 2 },
    { kind: "upernet", outputs: 4, width: 4 },
  ],
};

describe.each(backends)("heads on an encoder of many channels on $name", ({ skip, use }) => {
  test.skipIf(skip)("read what a pretrained masked autoencoder's encoder says of each patch", async () => {
    await use();
    const pretrained = initialize(new HyperspectralMae(mae), [["**", normal(0.3)]], 3);
    const model = initialize(new ChannelVitWithHeads(config), [["**", normal(0.3)]], 4);
    const report = await loadMaeEncoder(model, pretrained.stateDict());
    expect(report.missing.every((name) => name.startsWith("heads."))).toBe(true);
    expect(report.unexpected.every((name) => /^decoder_|^mask_token/.test(name))).toBe(true);
    const images = randomTensor([2, inChannels, 4, 6], "images");
    const map = reshape(pretrained.encode(images), [2, 2, 3, 8]);
    const [linear, pooled, upernet] = model.forwardHeads(images) as [Tensor, Tensor, Tensor];
    await expectClose(linear, await values(model.heads[0]?.forward([map], [4, 6])), 1e-5);
    await expectClose(pooled, await values(model.heads[1]?.forward([map], [4, 6])), 1e-5);
    expect(upernet.shape).toEqual([2, 4, 6, 4]);
    model.dispose();
    pretrained.dispose();
  });
});

test("the layers before the blocks learn slowest", () => {
  const rate = vitLayerDecay(4, 0.5);
  const paths = new ChannelVitWithHeads(config).namedParameters().map(([path]) => path);
  const slowest = paths.filter((path) => rate(path) === 0.5 ** 5);
  expect(slowest.length).toBeGreaterThan(3);
  expect(paths.filter((path) => /^(channels|pos_embed)/.test(path))).toEqual(slowest);
});

const values = (tensor: Tensor | undefined): Promise<Float32Array> => tensor?.data() as Promise<Float32Array>;
