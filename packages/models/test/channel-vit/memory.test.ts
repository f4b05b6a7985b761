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

  test("linear groups never hold half of all channels' tokens, forward and backward", () => {
    const inChannels = 512;
    const tree = channelTree("tree0", { inChannels, groups: 16, reducer: "linear" });
    const tokens = batch * patches * inChannels * embedDim * 4; // 64 MiB
    // The patches that the linear layers keep for their gradient are 16 MiB.
    expect(peakBytes(inChannels, tree)).toBeLessThan(tokens / 2);
  });
});
