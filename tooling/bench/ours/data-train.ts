import { setImmediate } from "node:timers/promises";
import type { Batch } from "@graticule/data";
import { type MaeConfig, maeConfig, maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
import { tensor4d } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { openTorch, readSettings, report } from "./child.js";
import { type BenchLoaderOptions, openBenchLoader } from "./data-loader.js";
import { makeTrainingStep } from "./training-step.js";

/** How long steps of ViT-Base pretraining wait for batches, as the trainer measures it. */
interface TrainSettings extends Omit<BenchLoaderOptions, "prefetchBatches"> {
  readonly steps: number;
  readonly threads: number;
}

/** The first steps wait for threads to start and fill memory. */
const WARMUP_STEPS = 2;

const { steps, threads, ...data } = readSettings<TrainSettings>();
await openTorch({ dtype: "bf16", threads });
const config: MaeConfig = maeConfig("base", { imageSize: [224, 224], inChannels: 3, patchSize: 16 });
const model = makeMae(config, { seed: 0 });
const loader = await openBenchLoader({ ...data, prefetchBatches: 2 });
const batches = loader.epoch(0)[Symbol.asyncIterator]();

let current: Batch;
const step = makeTrainingStep(model, () => {
  const { images, shape, indices } = current;
  const mask = makeMaeMask({ seed: 0, epoch: 0, indices, numTokens: numPatches(config), maskRatio: 0.75 });
  return maeLoss(model, tensor4d(images, [...shape]), mask, { normPix: true });
});
const waits: number[] = [];
const times: number[] = [];
for (let index = 0; index < WARMUP_STEPS + steps; index++) {
  const started = performance.now();
  const { value } = await batches.next();
  const waited = performance.now() - started;
  current = value;
  step(index);
  loader.recycle(current);
  await setImmediate(); // As the trainer does: workers' messages come in.
  if (index < WARMUP_STEPS) continue;
  times.push((performance.now() - started) / 1000);
  waits.push(waited / (performance.now() - started));
}
await loader.close();
report({
  secondsPerStep: median(times),
  imagesPerSecond: data.batch / median(times),
  loaderWaitShare: waits.reduce((sum, share) => sum + share, 0) / waits.length,
  largestLoaderWaitShare: Math.max(...waits),
});
