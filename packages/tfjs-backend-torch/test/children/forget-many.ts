// Forgets 16 MB tensors one after another, 16 GB in all; prints the most that was live.
import * as tf from "@tensorflow/tfjs-core";
import { memoryStats } from "../../src/index.js";

await tf.setBackend("torch");
let made = 0;
for (let i = 0; i < 1024; i++) {
  tf.zeros([2 ** 22]);
  made += 2 ** 24;
  await new Promise(setImmediate);
}
process.stdout.write(JSON.stringify({ made, peak: memoryStats().peakBytes }));
