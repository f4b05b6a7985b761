// A thread of `data-read.ts`: reads its records by `read`, into memory that is new for each batch, as the loader's is.
import { openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const RECORDS_PER_BATCH = 32;
const { places, recordBytes } = workerData;
const files = new Map(places.map(({ path }) => [path, 0]));
for (const path of files.keys()) files.set(path, openSync(path, "r"));
const started = performance.now();
let batch;
for (const [at, { path, position }] of places.entries()) {
  const slot = at % RECORDS_PER_BATCH;
  if (slot === 0) batch = new Uint8Array(RECORDS_PER_BATCH * recordBytes);
  readSync(files.get(path), batch, slot * recordBytes, recordBytes, position);
}
parentPort.postMessage((performance.now() - started) / 1000);
