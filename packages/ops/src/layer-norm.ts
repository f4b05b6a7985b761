import { runOperation } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel } from "./fused.js";

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
  return runOperation({
    name: "LayerNorm",
    inputs: { x, gamma, beta },
    run(save) {
      const { y, saved } = forwardNorm(x, gamma, beta, epsilon);
      save([gamma, ...saved]);
      return y;
    },
    gradients: (dy, [gamma, ...saved]) => backNorm(dy, gamma as tf.Tensor, saved),
  });
}

/**
 * A layer norm's result, and what its backward pass needs: x with its statistics or, where that takes less memory, x as it is
 * before scale and shift.
 */
export function forwardNorm(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): { readonly y: tf.Tensor; readonly saved: readonly tf.Tensor[] } {
  const outputs = runKernel("FusedLayerNorm", { x, gamma, beta }, { epsilon, forGradient: true });
  const [y, normalized, mean, rstd] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return { y, saved: [normalized.size > 0 ? normalized : x, mean, rstd] };
}

/** The result again, of what `forwardNorm` saved. */
export function normAgain(
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
  [x, mean]: readonly tf.Tensor[],
): tf.Tensor {
  const inputs = { x, gamma, beta } as tf.NamedTensorMap;
  const isNormalized = mean?.size === 0;
  const [y] = isNormalized ? runKernel("FusedScaleRows", inputs) : runKernel("FusedLayerNorm", inputs, { epsilon });
  return y as tf.Tensor;
}

/** Gradients of x, gamma and beta, of what `forwardNorm` saved. */
export function backNorm(
  dy: tf.Tensor,
  gamma: tf.Tensor,
  [x, mean, rstd]: readonly tf.Tensor[],
): Record<"x" | "gamma" | "beta", tf.Tensor> {
  const [dx, dgamma, dbeta] = runKernel("FusedLayerNormGrad", { dy, x, gamma, mean, rstd } as tf.NamedTensorMap);
  return { x: dx as tf.Tensor, gamma: dgamma as tf.Tensor, beta: dbeta as tf.Tensor };
}

export function composedLayerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.tidy(() => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true); // [..., 1]
    const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(normalized, gamma), beta);
  });
}
