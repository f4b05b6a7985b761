import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./fused.js";

/**
 * Sum of the squares of all values, for gradient norms; not differentiable. Added up in float64 where the backend has
 * the kernel `SumOfSquares` (on GPUs 1024 at a time in float32 before that), in float32 elsewhere.
 *
 * Shape: any → scalar.
 */
export function sumOfSquares(x: tf.Tensor): tf.Scalar {
  if (hasKernel("SumOfSquares")) return runKernel("SumOfSquares", { x })[0] as tf.Scalar;
  return tf.tidy(() => tf.sum(tf.square(x)));
}
