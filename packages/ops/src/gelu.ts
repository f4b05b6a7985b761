import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused, runKernel } from "./fused.js";

/**
 * Gaussian error linear unit, x·Φ(x), with the exact normal distribution instead of the tanh approximation.
 *
 * Shape: any, kept.
 * Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  if (!hasKernel("FusedGelu")) return composedGelu(x);
  return runFused(
    "FusedGelu",
    { x },
    {},
    {
      saves: () => [x],
      gradients: (dy, [x]) => runKernel("FusedGeluGrad", { dy, x: x as tf.Tensor }),
    },
  );
}

export function composedGelu(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const phi = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    return tf.mul(x, phi);
  });
}
