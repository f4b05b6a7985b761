import { runOperation } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel } from "./fused.js";
import { backNorm, forwardNorm, layerNorm, normAgain } from "./layer-norm.js";
import { backLinear, checkLinear, forwardLinear, type LowRankUpdate, linear } from "./linear.js";

export interface NormLinearParameters {
  /** `[K]`, scale and shift of the layer norm. */
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  readonly epsilon: number;
  /** `[N, K]`. */
  readonly weight: tf.Tensor;
  /** `[N]`. */
  readonly bias?: tf.Tensor | undefined;
  /** Added to the weight. */
  readonly update?: LowRankUpdate | undefined;
}

/**
 * A linear layer of normalized input, `linear(layerNorm(x))`. The normalized tensor is not kept for the backward pass but
 * made again there, where a gradient needs it: that costs one pass over it and saves its memory.
 *
 * Shape: x `[..., K]` → `[..., N]`.
 *
 * @throws {ShapeError} if the shapes don't fit.
 */
export function normLinear(x: tf.Tensor, parameters: NormLinearParameters): tf.Tensor {
  const { gamma, beta, epsilon, weight, bias, update } = parameters;
  const width = x.shape.at(-1) ?? "K";
  checkShape("normLinear", "gamma", gamma, [width]);
  checkShape("normLinear", "beta", beta, [width]);
  checkLinear("normLinear", { x, weight, bias, update });
  if (!hasKernel("FusedLinear"))
    return tf.tidy(() => linear(layerNorm(x, gamma, beta, epsilon), weight, bias, update && { update }));
  const inputActivation = "none";
  return runOperation({
    name: "NormLinear",
    inputs: { x, gamma, beta, weight, ...(bias && { bias }), ...update },
    run(save) {
      const { y: normalized, saved } = forwardNorm(x, gamma, beta, epsilon);
      const { y, reduced } = forwardLinear(normalized, { weight, bias, update, inputActivation });
      const ofUpdate = update ? [update.down, update.up, reduced as tf.Tensor] : [];
      save([gamma, beta, weight, ...saved, ...ofUpdate]);
      return y;
    },
    gradients(dy, saved, wanted) {
      const [gamma, beta, weight] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const ofNorm = saved.slice(3, 6);
      const [down, up, reduced] = saved.slice(6);
      const needsNorm = ["x", "gamma", "beta"].some((name) => wanted.has(name));
      const needsInput = wanted.has("weight") || wanted.has("down");
      const normalized = needsInput ? normAgain(gamma, beta, epsilon, ofNorm) : undefined;
      const ofLayer = backLinear(
        dy,
        { x: normalized, weight, ...(down && up && { down, up, reduced }), inputActivation },
        new Set([...(needsNorm ? ["x"] : []), ...["weight", "bias", "down", "up"].filter((name) => wanted.has(name))]),
      );
      if (!needsNorm) return { ...ofLayer, x: undefined };
      return { ...ofLayer, ...backNorm(ofLayer.x as tf.Tensor, gamma, ofNorm) };
    },
  });
}
