// Three worker threads multiply at once, four others are terminated in the midst of it. Prints what they found.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { memoryStats, setPrecision } from "../../src/index.js";

await tf.setBackend("torch");
setPrecision("bf16");
const mine = tf.fill([3], 5);
const before = memoryStats().liveBytes;

// Node 20 does not take `--import tsx` over to worker threads.
const source = new URL("worker.ts", import.meta.url).href;
const code = `import("tsx/esm/api").then(({ register }) => { register(); return import("${source}"); })`;
const start = (work: string) => new Worker(code, { eval: true, workerData: work });

const workers = ["first", "second", "third"].map(start);
const doomed = Array.from({ length: 4 }, () => start("endless"));
const messages = workers.map((worker) => once(worker, "message"));
const exits = [...workers, ...doomed].map((worker) => once(worker, "exit"));
await Promise.all(
  doomed.map(async (worker) => {
    await once(worker, "message");
    await worker.terminate();
  }),
);
const results = (await Promise.all(messages)).map(([found]) => found);
await Promise.all(exits);
const left = memoryStats().liveBytes - before;
const sum = tf.add(mine, 1).dataSync()[0];
process.stdout.write(JSON.stringify({ results, sum, leftBytes: left }));
