import { makeRandom } from "@graticule/core";
import {
  type ChannelTree,
  ChannelVit,
  type ChannelVitConfig,
  channelEncoderInitRules,
  channelTree,
  channelVitConfig,
  type Reducer,
  type TreeShape,
} from "@graticule/models";
import { type Communicator, closeMpi, openMpi } from "@graticule/mpi";
import { deferInitialization, initialize } from "@graticule/nn";
import { latitudeWeightedMeanSquaredError } from "@graticule/ops";
import { blockPlan, crossAttentionPlan, distributeChannels, outputPlan, tensorParallel } from "@graticule/parallel";
import { memoryStats, resetPeakBytes } from "@graticule/tfjs-backend-torch";
import { mul, type Tensor, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { openTorch, readSettings } from "./child.js";
import { gatherAllTokens } from "./gather-all-tokens.js";
import { makeTrainingStep } from "./training-step.js";

/** One rank of `bench dchag`: the same model with all channels on every rank, and with each rank's own, in turn. */
interface DchagSettings {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly channels: number;
  readonly outputs: number;
  readonly shape: TreeShape;
  readonly reducer: Reducer;
  /**
   * What D-CHAG stands beside, under the same tensor parallelism: all channels on every rank, reduced by the same tree or
   * by the one cross-attention of ClimaX; or each rank's channels, with that cross-attention over the gathered tokens.
   */
  readonly baseline: "same" | "flat" | "gather-all";
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly pairs: number;
}

const settings = readSettings<DchagSettings>();
const { width, depth, heads, channels, outputs, shape, reducer, baseline, batch, warmupSteps, steps, pairs } = settings;
const world = openMpi({ timeoutSeconds: 300 });
await openTorch(settings);

const tree = channelTree(shape, { inChannels: channels, groups: world.size, reducer });
const config = (channelTree: ChannelTree) =>
  channelVitConfig("tiny", {
    embedDim: width,
    depth,
    numHeads: heads,
    inChannels: channels,
    outChannels: outputs,
    channelTree,
  });
const divided = config(tree);
const whole = baseline === "same" ? divided : config(channelTree("flat", { inChannels: channels }));

const runs = { baseline: [] as Measured[], dchag: [] as Measured[] };
for (let pair = 0; pair < pairs; pair++) {
  runs.baseline.push(measure(whole, baseline === "gather-all" ? gatherAllTokens : undefined));
  runs.dchag.push(measure(divided, distributeChannels));
}
const result = { baseline: summary(runs.baseline), dchag: summary(runs.dchag) };
if (world.rank === 0) process.stdout.write(`${JSON.stringify(result)}\n`);
closeMpi();

/** Leaves each rank its channels and names them. */
type Distribute = (model: ChannelVit, group: Communicator) => readonly number[];

interface Measured {
  readonly peakBytes: number;
  readonly secondsPerStep: number;
  /** Of all ranks' threads together; ranks that wait take some, too. */
  readonly cpuSecondsPerStep: number;
  readonly loss: number;
}

/** Builds the model, trains some steps and frees it. Peak: all that the rank holds, weights, moments and batch included. */
function measure(config: ChannelVitConfig, distribute: Distribute | undefined): Measured {
  resetPeakBytes();
  const before = memoryStats().liveBytes;
  const network = deferInitialization(() => initialize(new ChannelVit(config), channelEncoderInitRules(config), 0));
  const held = distribute?.(network, world);
  const attention = distribute || baseline === "flat" ? "channels.attn" : "channels.**.attn";
  tensorParallel(network, world, [...blockPlan("blocks.*"), ...crossAttentionPlan(attention), ...outputPlan("head.*")]);
  const images = randomFields("images", held ?? Array.from({ length: channels }, (_, channel) => channel));
  const targets = randomFields(
    "targets",
    Array.from({ length: outputs }, (_, channel) => channel),
  );
  const weights = new Array<number>(config.imageSize[0]).fill(1);
  const leadTimeHours = new Array<number>(batch).fill(24);
  const step = makeTrainingStep(network, () =>
    latitudeWeightedMeanSquaredError(network.forward(images, { leadTimeHours }), targets, weights),
  );
  const times: number[] = [];
  let loss = 0;
  let cpu = process.cpuUsage();
  for (let index = 0; index < warmupSteps + steps; index++) {
    world.barrier();
    if (index === warmupSteps) cpu = process.cpuUsage();
    const start = performance.now();
    loss = step(index);
    world.barrier();
    if (index >= warmupSteps) times.push((performance.now() - start) / 1000);
  }
  const peak = Float64Array.of(memoryStats().peakBytes - before, median(times));
  world.allReduce(peak, { reduction: "max" });
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = Float64Array.of((user + system) / 1e6 / steps);
  world.allReduce(cpuSeconds);
  step.dispose();
  network.dispose();
  images.dispose();
  targets.dispose();
  const [peakBytes, secondsPerStep] = peak as unknown as [number, number];
  return { peakBytes, secondsPerStep, cpuSecondsPerStep: cpuSeconds[0] as number, loss };
}

function summary(measured: readonly Measured[]): Record<string, number> {
  const secondsPerStep = median(measured.map((each) => each.secondsPerStep));
  const peakBytes = Math.max(...measured.map((each) => each.peakBytes));
  const cpuSecondsPerStep = median(measured.map((each) => each.cpuSecondsPerStep));
  const { loss } = measured[0] as Measured;
  return { peakBytes, samplesPerSecond: batch / secondsPerStep, secondsPerStep, cpuSecondsPerStep, loss };
}

/** Of each channel its own stream, so that all ranks that read a channel read the same. */
function randomFields(purpose: string, list: readonly number[]): Tensor {
  const [height, width] = divided.imageSize;
  const size = height * width;
  const values = new Float32Array(batch * list.length * size);
  for (const [place, channel] of list.entries()) {
    const random = makeRandom(0, purpose, channel);
    for (let sample = 0; sample < batch; sample++) {
      const first = (sample * list.length + place) * size;
      for (let index = 0; index < size; index++) values[first + index] = 2 * random.float() - 1;
    }
  }
  // In the backend's memory, so that the batch counts: a tensor made of an array may lie in that.
  return tidy(() => mul(tensor4d(values, [batch, list.length, height, width]), 1));
}
