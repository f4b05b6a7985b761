// Multiplies and attends in both precisions, for which the addon chooses between its kernels and the library's.
import * as tf from "@tensorflow/tfjs-core";
import { setPrecision } from "../../src/index.js";

await tf.setBackend("torch");
for (const precision of ["fp32", "bf16"] as const) {
  setPrecision(precision);
  tf.engine().runKernel("FusedLinear", { x: tf.ones([4, 4]), weight: tf.ones([4, 4]) }, { inputActivation: "none" });
  tf.engine().runKernel("FusedSelfAttention", { qkv: tf.ones([1, 8, 96]) }, { numHeads: 2 });
}
