// Forgets 2000 tensors between others that it disposes of or keeps; prints what is left after a collection.
import { setTimeout } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import { memoryStats } from "../../src/index.js";

await tf.setBackend("torch");
const kept = tf.fill([3], 7);
const before = memoryStats().storages;

function forget(): void {
  for (let i = 0; i < 2000; i++) {
    tf.fill([10], i);
    tf.fill([10], i).dispose();
  }
}

forget();
const forgotten = memoryStats().storages - before;
for (let turn = 0; turn < 20 && memoryStats().storages > before; turn++) {
  await setTimeout(10);
  (globalThis as { gc?: () => void }).gc?.();
}
const left = memoryStats().storages - before;
process.stdout.write(JSON.stringify({ forgotten, left, kept: Array.from(kept.dataSync()) }));
