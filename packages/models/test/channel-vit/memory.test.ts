import { backward } from "@graticule/autodiff";
import { memoryStats, resetPeakBytes } from "@graticule/tfjs-backend-torch";
import { mean, type Scalar, square, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type ChannelTree, channelTree, channelVitConfig, makeChannelVit } from "../../src/index.js";
import { backends } from "../backends.js";
import { randomTensor } from "../random-tensor.js";

const { skip, use, name } = backends.find((backend) => backend.name.startsWith("torch"))!;
const [batch, embedDim, patches] = [4, 64, 128];

/** Most bytes at once of an aggregation with its gradients, beside parameters and images. */
function peakBytes(inChannels: number, tree: ChannelTree): number {
  const model = makeChannelVit(channelVitConfig("tiny", { inChannels, channelTree: tree }), { seed: 0 });
  const images = randomTensor([batch, inChannels, 32, 64], "images");
  const variables = model
    .namedParameters()
    .flatMap(([path, { variable }]) => (path.startsWith("channels") ? [variable] : []));
  const before = memoryStats().liveBytes;
  resetPeakBytes();
  const loss = backward(
    () => tidy(() => mean(square(model.aggregate(images))) as Scalar),
    variables,
    (_, gradient) => gradient.dispose(),
  );
  const peak = memoryStats().peakBytes - before;
  loss.dispose();
  images.dispose();
  model.dispose();
  return peak;
}

describe.skipIf(skip)(`on ${name}`, () => {
  beforeAll(use);

  test("linear groups never hold a fifth of all channels' tokens, forward and backward", () => {
    const inChannels = 512;
    const tree = channelTree("tree0", { inChannels, groups: 16, reducer: "linear" });
    const tokens = batch * patches * inChannels * embedDim * 4; // 64 MiB
    // A group's patches and the tokens of all groups, with their keys, values and gradients.
    expect(peakBytes(inChannels, tree)).toBeLessThan(tokens / 5);
  });

  test("eight linear groups take the same bytes for 128 and for 512 channels, less than a fifth of flat attention's", () => {
    const linear = (inChannels: number) =>
      peakBytes(inChannels, channelTree("tree0", { inChannels, groups: 8, reducer: "linear" }));
    const flat = peakBytes(512, channelTree("flat", { inChannels: 512 }));
    // What stays is the groups' tokens and the attention over them; 384 more channels have 96 KiB of biases.
    expect(linear(512)).toBeLessThan(linear(128) + 100 * 2 ** 10);
    expect(linear(512)).toBeLessThan(flat / 5);
  });
});
