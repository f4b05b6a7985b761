// Asks for as many bytes as its argument says, then works on; prints which error came.
import * as tf from "@tensorflow/tfjs-core";
import { TorchOutOfMemoryError } from "../../src/index.js";

await tf.setBackend("torch");
let thrown: unknown;
try {
  tf.engine().runKernel("Fill", {}, { shape: [Number(process.argv[2]) / 4], value: 1, dtype: "float32" } as never);
} catch (error) {
  thrown = error;
}
const { name, bytesAsked } = thrown instanceof TorchOutOfMemoryError ? thrown : { name: String(thrown), bytesAsked: 0 };
process.stdout.write(JSON.stringify({ name, bytesAsked, sum: tf.sum(tf.ones([2 ** 22])).dataSync()[0] }));
