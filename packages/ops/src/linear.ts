import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";
import { composedGelu } from "./gelu.js";

export interface LinearOptions {
  /** Applied to the result; `"gelu"` is the exact GELU. Default `"none"`. */
  readonly activation?: "none" | "gelu";
}

/**
 * Multiplies by a weight matrix in PyTorch's layout and adds a bias: activation(x · weightᵀ + bias).
 *
 * Shape: x `[..., K]`, weight `[N, K]`, bias `[N]` → `[..., N]`.
 *
 * @throws {ShapeError} if the shapes don't fit.
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor, options: LinearOptions = {}): tf.Tensor {
  const { activation = "none" } = options;
  checkShape("linear", "weight", weight, ["N", x.shape.at(-1) ?? "K"]);
  if (bias) checkShape("linear", "bias", bias, [weight.shape[0] as number]);
  if (!hasKernel("FusedLinear")) return composedLinear(x, weight, bias, activation);
  const hasBias = bias !== undefined;
  return runFused(
    "FusedLinear",
    hasBias ? { x, weight, bias } : { x, weight },
    { activation },
    {
      saves: ([, preActivation]) => (preActivation ? [x, weight, preActivation] : [x, weight]),
      gradients: (dy, [x, weight, preActivation]) =>
        runKernel(
          "FusedLinearGrad",
          { dy, x: x as tf.Tensor, weight: weight as tf.Tensor, ...(preActivation && { preActivation }) },
          { activation, hasBias },
        ),
    },
  );
}

export function composedLinear(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined,
  activation: "none" | "gelu",
): tf.Tensor {
  return tf.tidy(() => {
    const inFeatures = weight.shape[1] as number;
    const rows = tf.reshape(x, [x.size / inFeatures, inFeatures]); // [rows, K]
    const product = tf.matMul(rows, weight, false, true); // [rows, N]
    const sum = bias ? tf.add(product, bias) : product;
    const y = activation === "gelu" ? composedGelu(sum) : sum;
    return tf.reshape(y, [...x.shape.slice(0, -1), weight.shape[0] as number]);
  });
}
