// A thread of `data-read.ts`: reads its records by `read`, into a few batches' memory in turn, as the loader's thread does.
import { openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const RECORDS_PER_BATCH = 32;
const BATCHES = 3;
const { places, recordBytes } = workerData;
const files = new Map(places.map(({ path }) => [path, 0]));
for (const path of files.keys()) files.set(path, openSync(path, "r"));
const batches = Array.from({ length: BATCHES }, () => new Uint8Array(RECORDS_PER_BATCH * recordBytes).fill(1));
parentPort.once("message", () => {
  for (const [at, { path, position }] of places.entries()) {
    const batch = batches[Math.floor(at / RECORDS_PER_BATCH) % BATCHES];
    readSync(files.get(path), batch, (at % RECORDS_PER_BATCH) * recordBytes, recordBytes, position);
  }
  parentPort.postMessage("done");
});
parentPort.postMessage("ready");
