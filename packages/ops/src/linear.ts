import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";
import { composedGelu, gelu } from "./gelu.js";

export interface LinearOptions {
  /**
   * Applied to x first: `"gelu"` is the exact GELU, whose result is never stored; `"gelu-tanh"` is its approximation, an
   * operation of its own before the product. Default `"none"`.
   */
  readonly inputActivation?: "none" | "gelu" | "gelu-tanh";
  /** Added to the result. */
  readonly residual?: tf.Tensor;
}

/**
 * Multiplies by a weight matrix in PyTorch's layout: activation(x) · weightᵀ + bias + residual.
 *
 * Shape: x `[..., K]`, weight `[N, K]`, bias `[N]`, residual `[..., N]` → `[..., N]`.
 *
 * @throws {ShapeError} if the shapes don't fit.
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor, options: LinearOptions = {}): tf.Tensor {
  const { inputActivation = "none", residual } = options;
  checkShape("linear", "weight", weight, ["N", x.shape.at(-1) ?? "K"]);
  const outFeatures = weight.shape[0] as number;
  if (bias) checkShape("linear", "bias", bias, [outFeatures]);
  if (residual) checkShape("linear", "residual", residual, [...x.shape.slice(0, -1), outFeatures]);
  if (inputActivation === "gelu-tanh")
    return tf.tidy(() =>
      linear(gelu(x, { approximate: "tanh" }), weight, bias, { ...options, inputActivation: "none" }),
    );
  if (!hasKernel("FusedLinear")) return composedLinear(x, weight, bias, options);
  const hasBias = bias !== undefined;
  return runFused(
    "FusedLinear",
    { x, weight, ...(bias && { bias }), ...(residual && { residual }) },
    { inputActivation },
    {
      saves: () => [x, weight],
      gradients: (dy, [x, weight], wanted) => {
        const inputs = { dy, x: x as tf.Tensor, weight: weight as tf.Tensor };
        const weightOnly = !wanted.has("x");
        const gradients = runKernel("FusedLinearGrad", inputs, { inputActivation, hasBias, weightOnly });
        return [...(weightOnly ? [undefined] : []), ...gradients, ...(residual ? [dy] : [])];
      },
    },
  );
}

/** Gradients of x, unless left out, and of the weight in float32, out of that of x · weightᵀ. */
export function linearGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  weight: tf.Tensor,
  { weightOnly }: { readonly weightOnly: boolean },
): { readonly x?: tf.Tensor; readonly weight: tf.Tensor } {
  if (hasKernel("FusedLinearGrad")) {
    const attrs = { inputActivation: "none", hasBias: false, weightOnly };
    const found = runKernel("FusedLinearGrad", { dy, x, weight }, attrs) as [tf.Tensor, tf.Tensor];
    return weightOnly ? { weight: found[0] } : { x: found[0], weight: found[1] };
  }
  const ofWeight = tf.matMul(dy, x, true);
  return weightOnly ? { weight: ofWeight } : { x: tf.matMul(dy, weight), weight: ofWeight };
}

export function composedLinear(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined,
  { inputActivation = "none", residual }: LinearOptions,
): tf.Tensor {
  return tf.tidy(() => {
    const inFeatures = weight.shape[1] as number;
    const activated = inputActivation === "gelu" ? composedGelu(x) : x;
    const rows = tf.reshape(activated, [x.size / inFeatures, inFeatures]); // [rows, K]
    const product = tf.matMul(rows, weight, false, true); // [rows, N]
    const sum = bias ? tf.add(product, bias) : product;
    const y = tf.reshape(sum, [...x.shape.slice(0, -1), weight.shape[0] as number]);
    return residual ? tf.add(y, residual) : y;
  });
}
