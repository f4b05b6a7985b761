import type { Batch } from "@graticule/data";
import { readSettings, report } from "./child.js";
import { type BenchLoaderOptions, openBenchLoader } from "./data-loader.js";

/** Our side of `bench data`: one epoch of a path through the loader, timed once its pipeline is full. */
interface DataSettings extends Omit<BenchLoaderOptions, "prefetchBatches"> {
  /** Decoded size of one sample in its file's own dtype. Units: bytes. */
  readonly sampleBytes: number;
}

const { sampleBytes, ...data } = readSettings<DataSettings>();
const prefetchBatches = Math.max(1, 2 * data.workers);
const loader = await openBenchLoader({ ...data, prefetchBatches });

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
const bytesReadPerSample = loader.bytesRead() / (seen * data.batch);
await loader.close();
report({
  samplesPerSecond: 1 / secondsPerSample,
  gigabytesPerSecond: sampleBytes / secondsPerSample / 1e9,
  secondsPerSample,
  bytesReadPerSample,
});
