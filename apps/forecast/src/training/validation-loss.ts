import { ownTasks, sumOverData } from "@graticule/classify";
import type { Batch } from "@graticule/data";
import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyForecaster } from "@graticule/models";
import type { Mesh } from "@graticule/parallel";
import { tidy } from "@tensorflow/tfjs-core";
import { batchLoss, type LossWeights } from "./batch-loss.js";
import type { TrainConfig } from "./train-config.js";

/** Draws of lead times of each validation sample. */
const VALIDATION_DRAWS = 4;

/**
 * Mean loss over all validation samples, each with the same few lead times every time. The ranks share the batches.
 * Collective.
 */
export async function validationLoss(
  model: AnomalyForecaster,
  samples: ForecastSamples,
  { config, weights, mesh }: { readonly config: TrainConfig; readonly weights: LossWeights; readonly mesh: Mesh },
): Promise<number> {
  const batchSize = config.train.microBatchSize;
  const all = samples.length * VALIDATION_DRAWS;
  const sum = new Float64Array(1);
  for (const { task, weight } of ownTasks(Math.ceil(all / batchSize), mesh)) {
    const first = task * batchSize;
    const places = Array.from({ length: Math.min(batchSize, all - first) }, (_, at) => first + at);
    const batch = await readBatch(samples, places);
    const loss = tidy(() => batchLoss(model, batch, { config, weights, turn: 0, draw: first, training: false }));
    sum[0] = (sum[0] as number) + weight * ((await loss.data())[0] as number) * places.length;
    loss.dispose();
  }
  await sumOverData(sum, mesh);
  return (sum[0] as number) / all;
}

/** Samples stacked; a place counts on from draw to draw. */
async function readBatch(samples: ForecastSamples, places: readonly number[]) {
  const read = await Promise.all(
    places.map((at) => samples.read(at % samples.length, { seed: 0, epoch: Math.floor(at / samples.length) })),
  );
  const stack = (pick: (sample: (typeof read)[number]) => { data: Float32Array; shape: readonly number[] }) => {
    const parts = read.map(pick);
    const size = parts[0]?.data.length ?? 0;
    const data = new Float32Array(size * parts.length);
    for (const [at, part] of parts.entries()) data.set(part.data, at * size);
    return { data, shape: [parts.length, ...(parts[0]?.shape ?? [])] };
  };
  const images = stack(({ pixels, shape }) => ({ data: pixels, shape }));
  const names = ["target", "targetMask", "leadTimeHours", "startHours"];
  const arrays = Object.fromEntries(names.map((name) => [name, stack((sample) => sample.arrays?.[name] as never)]));
  return { images: images.data, shape: images.shape as unknown as Batch["shape"], arrays };
}
