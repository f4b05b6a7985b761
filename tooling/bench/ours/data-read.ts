import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { makeRandom } from "@graticule/core";
import { readSettings, report } from "./child.js";

/**
 * Plain `read` of the bytes of packed shards, record by record in random order, into memory that is used again, in as many
 * threads as the loader has, one at least, from when all are ready until the last is done.
 */
interface ReadSettings {
  readonly folder: string;
  readonly recordBytes: number;
  /** Times that all records are read. */
  readonly repeats: number;
  readonly workers: number;
}

const { folder, recordBytes, repeats, workers } = readSettings<ReadSettings>();
const threads = Math.max(1, workers);
const all = listRecords();
const records = Array.from({ length: repeats }, () => all).flat();
const order = makeRandom(0, "read").permutation(records.length);
const readers = Array.from({ length: threads }, (_, part) => {
  const places = [...order].filter((_, at) => at % threads === part).map((record) => records[record]);
  return new Worker(new URL("read-records.mjs", import.meta.url), { workerData: { places, recordBytes } });
});
await Promise.all(readers.map((reader) => once(reader, "message")));
const started = performance.now();
for (const reader of readers) reader.postMessage("go");
await Promise.all(readers.map((reader) => once(reader, "message")));
const seconds = (performance.now() - started) / 1000;
report({
  samplesPerSecond: records.length / seconds,
  gigabytesPerSecond: (records.length * recordBytes) / seconds / 1e9,
  secondsPerSample: seconds / records.length,
});

function listRecords(): { readonly path: string; readonly position: number }[] {
  const names = readdirSync(folder).filter((name) => !name.endsWith(".json"));
  return names.sort().flatMap((name) => {
    const path = join(folder, name);
    const length = Math.floor(statSync(path).size / recordBytes);
    return Array.from({ length }, (_, record) => ({ path, position: record * recordBytes }));
  });
}
