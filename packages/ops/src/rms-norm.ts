import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";

/**
 * Divides the last dim by the root of its mean square, then scales it: x / √(mean(x²) + epsilon) · gamma.
 *
 * Shape: x `[..., D]`, gamma `[D]` → `[..., D]`.
 * Source: Zhang and Sennrich 2019, eq. 4, arXiv:1910.07467.
 *
 * @throws {ShapeError} if gamma is not `[D]`.
 */
export function rmsNorm(x: tf.Tensor, gamma: tf.Tensor, epsilon: number): tf.Tensor {
  checkShape("rmsNorm", "gamma", gamma, [x.shape.at(-1) ?? "D"]);
  if (!hasKernel("FusedRmsNorm")) return composedRmsNorm(x, gamma, epsilon);
  return runFused(
    "FusedRmsNorm",
    { x, gamma },
    { epsilon },
    {
      saves: ([, rstd]) => [x, gamma, rstd as tf.Tensor],
      gradients: (dy, [x, gamma, rstd]) => runKernel("FusedRmsNormGrad", { dy, x, gamma, rstd } as tf.NamedTensorMap),
    },
  );
}

export function composedRmsNorm(x: tf.Tensor, gamma: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.tidy(() => {
    const meanSquare = tf.mean(tf.square(x), -1, true); // [..., 1]
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), gamma);
  });
}
