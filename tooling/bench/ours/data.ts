import { type Batch, type DatasetSpec, makeLoader, type TransformSpec } from "@graticule/data";
import { readSettings, report } from "./child.js";
import { benchSchema } from "./data-schema.js";

/** Our side of `bench data`: one epoch of a path through the loader, timed once its pipeline is full. */
interface DataSettings {
  readonly dataset: DatasetSpec;
  readonly transforms: readonly TransformSpec[];
  /** For `normalize`: mean and std of every channel. */
  readonly scale?: readonly [mean: number, std: number];
  readonly batch: number;
  readonly workers: number;
  /** Decoded size of one sample in its file's own dtype. Units: bytes. */
  readonly sampleBytes: number;
}

const { dataset, transforms, scale, batch, workers, sampleBytes } = readSettings<DataSettings>();
const prefetchBatches = Math.max(1, 2 * workers);
const schema = await benchSchema(dataset, scale);
const loader = await makeLoader({
  dataset,
  ...(schema && { schema }),
  batchSize: batch,
  seed: 0,
  shuffle: true,
  dropLast: true,
  transforms,
  numWorkers: workers,
  prefetchBatches,
  onCorrupt: "fail",
});

let seen = 0;
let samples = 0;
let started = 0;
for await (const batch of loader.epoch(0) as AsyncIterable<Batch>) {
  seen += 1;
  if (seen > prefetchBatches) samples += batch.shape[0];
  else started = performance.now();
  loader.recycle(batch); // As the trainer does.
}
const secondsPerSample = (performance.now() - started) / 1000 / samples;
const bytesReadPerSample = loader.bytesRead() / (seen * batch);
await loader.close();
report({
  samplesPerSecond: 1 / secondsPerSample,
  gigabytesPerSecond: sampleBytes / secondsPerSample / 1e9,
  secondsPerSample,
  bytesReadPerSample,
});
