// A worker of workers.ts: multiplies and forgets until it is done, or for ever.
import { parentPort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { getPrecision } from "../../src/index.js";

await tf.setBackend("torch");
const endless = workerData === "endless";
const borrowed = tf.tensor2d(new Float32Array(512 * 512).fill(1 / 3), [512, 512]);
let value = 0;
for (let i = 0; endless || i < 40; i++) {
  const product = tf.tidy(() => tf.matMul(borrowed, tf.onesLike(borrowed) as tf.Tensor2D));
  value = (await product.data())[0] as number;
  tf.fill([1 << 20], i);
  if (endless && i === 3) parentPort?.postMessage("running");
}
parentPort?.postMessage({ precision: getPrecision(), value });
