import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";

/**
 * Normalizes the last dim to mean 0 and (biased) variance 1, then scales and shifts it.
 *
 * Shape: x `[..., D]`, gamma and beta `[D]` → `[..., D]`.
 * Source: Ba et al. 2016, arXiv:1607.06450.
 *
 * @throws {ShapeError} if gamma or beta is not `[D]`.
 */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  const width = x.shape.at(-1) ?? "D";
  checkShape("layerNorm", "gamma", gamma, [width]);
  checkShape("layerNorm", "beta", beta, [width]);
  if (!hasKernel("FusedLayerNorm")) return composedLayerNorm(x, gamma, beta, epsilon);
  return runFused(
    "FusedLayerNorm",
    { x, gamma, beta },
    { epsilon },
    {
      saves: ([, mean, rstd]) => [x, gamma, mean as tf.Tensor, rstd as tf.Tensor],
      gradients: (dy, [x, gamma, mean, rstd]) =>
        runKernel("FusedLayerNormGrad", { dy, x, gamma, mean, rstd } as tf.NamedTensorMap),
    },
  );
}

export function composedLayerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.tidy(() => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true); // [..., 1]
    const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(normalized, gamma), beta);
  });
}
