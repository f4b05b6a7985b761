import { makeRandom } from "@graticule/core";
import {
  type ChannelVitPreset,
  channelTree,
  channelVitConfig,
  makeChannelVit,
  type TreeShape,
} from "@graticule/models";
import { latitudeWeightedMeanSquaredError } from "@graticule/ops";
import { openBackend } from "@graticule/train";
import { type Tensor, tensor4d } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { readSettings, report } from "./child.js";
import { profileStep } from "./profile-step.js";
import { makeTrainingStep } from "./training-step.js";

/** Our side of `bench channels`: a training step of a `ChannelVit`. */
interface ChannelSettings {
  readonly model: ChannelVitPreset;
  readonly channels: number;
  /** Channels of the prediction. */
  readonly outputs: number;
  readonly shape: TreeShape;
  /** Of trees, not of `flat`. */
  readonly reducer?: "linear" | "cross-attention";
  readonly groups?: number;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly profile?: boolean;
}

const settings = readSettings<ChannelSettings>();
const { model, channels, outputs, shape, reducer, groups, batch, dtype, threads, warmupSteps, steps, profile } =
  settings;
const { memory } = await openBackend({ name: "torch", device: "cpu", precision: dtype, threads });
const tree = channelTree(shape, { inChannels: channels, ...(reducer && { reducer }), ...(groups && { groups }) });
const config = channelVitConfig(model, { inChannels: channels, outChannels: outputs, channelTree: tree });
const network = makeChannelVit(config, { seed: 0 });
const [images, targets] = [randomFields("images", channels), randomFields("targets", outputs)];
const weights = new Array<number>(config.imageSize[0]).fill(1);
const leadTimeHours = new Array<number>(batch).fill(24);
const step = makeTrainingStep(network, () =>
  latitudeWeightedMeanSquaredError(network.forward(images, { leadTimeHours }), targets, weights),
);

const times: number[] = [];
for (let index = 0; index < warmupSteps + steps; index++) {
  const start = performance.now();
  step(index);
  if (index >= warmupSteps) times.push((performance.now() - start) / 1000);
}
const seconds = median(times);
const { liveBytes, peakBytes } = memory?.() ?? { liveBytes: 0, peakBytes: 0 };
report({
  samplesPerSecond: batch / seconds,
  secondsPerStep: seconds,
  // What a step takes beside parameters, moments and the batch: activations, gradients and scratch.
  stepPeakMB: (peakBytes - liveBytes) / 2 ** 20,
  stateMB: liveBytes / 2 ** 20,
  ...(profile && { profile: profileStep(step, steps) }),
});

function randomFields(purpose: string, count: number): Tensor {
  const random = makeRandom(0, purpose);
  const shape = [batch, count, ...config.imageSize] as [number, number, number, number];
  const length = shape.reduce((product, side) => product * side, 1);
  return tensor4d(
    Float32Array.from({ length }, () => random.normal()),
    shape,
  );
}
