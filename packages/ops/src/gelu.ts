import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runFused, runKernel } from "./fused.js";

export interface GeluOptions {
  /** `"none"` is the exact normal distribution, `"tanh"` the approximation that GPT-2 uses. Default `"none"`. */
  readonly approximate?: "none" | "tanh";
}

/**
 * Gaussian error linear unit: x·Φ(x), or with `"tanh"` x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2.
 *
 * Shape: any, kept.
 * Source: Hendrycks and Gimpel 2016, §2, arXiv:1606.08415.
 */
export function gelu(x: tf.Tensor, { approximate = "none" }: GeluOptions = {}): tf.Tensor {
  const kernel = approximate === "tanh" ? "FusedGeluTanh" : "FusedGelu";
  if (!hasKernel(kernel)) return approximate === "tanh" ? composedGeluTanh(x) : composedGelu(x);
  return runFused(
    kernel,
    { x },
    {},
    {
      saves: () => [x],
      gradients: (dy, [x]) => runKernel(`${kernel}Grad`, { dy, x: x as tf.Tensor }),
    },
  );
}

export function composedGelu(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const phi = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    return tf.mul(x, phi);
  });
}

export function composedGeluTanh(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const cubic = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1));
  });
}
