import { runOperation } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel } from "./fused.js";
import { composedGelu, gelu } from "./gelu.js";

/** A matrix of low rank that is added to a weight, `weight + up·down`, without ever being multiplied out. */
export interface LowRankUpdate {
  /** `[R, K]`. */
  readonly down: tf.Tensor;
  /** `[N, R]`. */
  readonly up: tf.Tensor;
}

export interface LinearOptions {
  /**
   * Applied to x first: `"gelu"` is the exact GELU, whose result is never stored; `"gelu-tanh"` is its approximation, an
   * operation of its own before the product. Default `"none"`.
   */
  readonly inputActivation?: "none" | "gelu" | "gelu-tanh";
  /** Added to the result. */
  readonly residual?: tf.Tensor;
  /**
   * Added to the weight. The update's product joins the layer's own before the result is written, forward and backward, so
   * that it takes no pass over memory of its own.
   */
  readonly update?: LowRankUpdate;
}

/**
 * Multiplies by a weight matrix in PyTorch's layout: activation(x) · (weight + update)ᵀ + bias + residual. What is not
 * trained costs no gradient, and x is kept for the backward pass only where a gradient needs it.
 *
 * Shape: x `[..., K]`, weight `[N, K]`, bias `[N]`, residual `[..., N]` → `[..., N]`.
 *
 * @throws {ShapeError} if the shapes don't fit.
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor, options: LinearOptions = {}): tf.Tensor {
  const { inputActivation = "none", residual, update } = options;
  checkLinear("linear", { x, weight, bias, update });
  if (residual) checkShape("linear", "residual", residual, [...x.shape.slice(0, -1), weight.shape[0] as number]);
  if (inputActivation === "gelu-tanh")
    return tf.tidy(() =>
      linear(gelu(x, { approximate: "tanh" }), weight, bias, { ...options, inputActivation: "none" }),
    );
  if (!hasKernel("FusedLinear")) return composedLinear(x, weight, bias, options);
  return runOperation({
    name: "FusedLinear",
    inputs: { x, weight, ...(bias && { bias }), ...(residual && { residual }), ...update },
    run(save, wanted) {
      const { y, reduced } = forwardLinear(x, { weight, bias, residual, update, inputActivation });
      const needsX = wanted.has("weight") || wanted.has("down") || (wanted.has("x") && inputActivation === "gelu");
      save([weight, ...(update ? [update.down, update.up, reduced as tf.Tensor] : []), ...(needsX ? [x] : [])]);
      return y;
    },
    gradients(dy, saved, wanted) {
      const [weight, down, up, reduced] = saved as [tf.Tensor, ...tf.Tensor[]];
      const x = saved[update ? 4 : 1];
      const own = { weight, ...(update && { down: down as tf.Tensor, up: up as tf.Tensor, reduced }) };
      return { ...backLinear(dy, { x, ...own, inputActivation }, wanted), residual: residual && dy };
    },
  });
}

interface ForwardLinear {
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor | undefined;
  readonly residual?: tf.Tensor | undefined;
  readonly update?: LowRankUpdate | undefined;
  readonly inputActivation: "none" | "gelu";
}

/** The kernel's result, and activation(x)·downᵀ where there is an update. */
export function forwardLinear(
  x: tf.Tensor,
  { weight, bias, residual, update, inputActivation }: ForwardLinear,
): { readonly y: tf.Tensor; readonly reduced: tf.Tensor | undefined } {
  const attrs = { inputActivation };
  const reduced = update && (runKernel("FusedLinear", { x, weight: update.down }, attrs)[0] as tf.Tensor); // [..., R]
  const added = update && { added: reduced as tf.Tensor, addedWeight: update.up };
  const inputs = { x, weight, ...(bias && { bias }), ...(residual && { residual }), ...added };
  return { y: runKernel("FusedLinear", inputs, attrs)[0] as tf.Tensor, reduced };
}

interface SavedLinear {
  /** Needed for the gradients of weight and down, and with an activation for its own. */
  readonly x: tf.Tensor | undefined;
  readonly weight: tf.Tensor;
  readonly down?: tf.Tensor;
  readonly up?: tf.Tensor;
  readonly reduced?: tf.Tensor | undefined;
  readonly inputActivation: "none" | "gelu";
}

/** Gradients of x, weight, bias, down and up, of those that are wanted. */
export function backLinear(
  dy: tf.Tensor,
  { x, weight, down, up, reduced, inputActivation }: SavedLinear,
  wanted: ReadonlySet<string>,
): Readonly<Record<string, tf.Tensor | undefined>> {
  const ofUpdate = up && wantsUpdate(wanted) ? backProduct(dy, { x: reduced, weight: up }, renamed(wanted)) : {};
  const added = ofUpdate.x && down && { added: ofUpdate.x, addedWeight: down };
  const ofDown =
    ofUpdate.x && wanted.has("down")
      ? backProduct(ofUpdate.x, { x, weight: down as tf.Tensor, inputActivation }, new Set(["weight"]))
      : {};
  const own = backProduct(dy, { x, weight, inputActivation, ...(added && { added }) }, wanted);
  return { ...own, up: ofUpdate.weight, down: ofDown.weight };
}

const wantsUpdate = (wanted: ReadonlySet<string>): boolean => ["x", "down", "up"].some((name) => wanted.has(name));

/** What the gradients of an update ask of its second product. */
const renamed = (wanted: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...(wanted.has("x") || wanted.has("down") ? ["x"] : []), ...(wanted.has("up") ? ["weight"] : [])]);

interface SavedProduct {
  readonly x: tf.Tensor | undefined;
  readonly weight: tf.Tensor;
  readonly inputActivation?: "none" | "gelu";
  /** A second product, added to the gradient of x before the activation's derivative. */
  readonly added?: tf.NamedTensorMap;
}

function backProduct(
  dy: tf.Tensor,
  { x, weight, inputActivation = "none", added = {} }: SavedProduct,
  wanted: ReadonlySet<string>,
): Readonly<Record<string, tf.Tensor | undefined>> {
  const names = ["x", "weight", "bias"].filter((name) => wanted.has(name));
  if (names.length === 0) return {};
  const hasBias = wanted.has("bias");
  const attrs = { inputActivation, hasBias, weightOnly: !wanted.has("x"), fixedWeight: !wanted.has("weight") };
  const found = runKernel("FusedLinearGrad", { dy, weight, ...(x && { x }), ...added }, attrs);
  return Object.fromEntries(names.map((name, index) => [name, found[index]]));
}

/** @throws {ShapeError} if weight, bias or update don't fit x. */
export function checkLinear(
  where: string,
  { x, weight, bias, update }: Pick<ForwardLinear, "weight" | "bias" | "update"> & { readonly x: tf.Tensor },
): void {
  const inFeatures = x.shape.at(-1) ?? "K";
  checkShape(where, "weight", weight, ["N", inFeatures]);
  const outFeatures = weight.shape[0] as number;
  if (bias) checkShape(where, "bias", bias, [outFeatures]);
  if (!update) return;
  checkShape(where, "update.down", update.down, ["R", inFeatures]);
  checkShape(where, "update.up", update.up, [outFeatures, update.down.shape[0] as number]);
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
  { inputActivation = "none", residual, update }: LinearOptions,
): tf.Tensor {
  return tf.tidy(() => {
    const inFeatures = weight.shape[1] as number;
    const activated = inputActivation === "gelu" ? composedGelu(x) : x;
    const rows = tf.reshape(activated, [x.size / inFeatures, inFeatures]); // [rows, K]
    const product = tf.matMul(rows, weight, false, true); // [rows, N]
    const updated = update
      ? tf.add(product, tf.matMul(tf.matMul(rows, update.down, false, true), update.up, false, true))
      : product;
    const sum = bias ? tf.add(updated, bias) : updated;
    const y = tf.reshape(sum, [...x.shape.slice(0, -1), weight.shape[0] as number]);
    return residual ? tf.add(y, residual) : y;
  });
}
