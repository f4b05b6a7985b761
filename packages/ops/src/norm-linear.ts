import { runOperation } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel } from "./fused.js";
import { layerNorm } from "./layer-norm.js";
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
 * made again from x there, where a gradient needs it: that costs one pass over it and saves its memory.
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
      const [normalized, mean, rstd] = runKernel("FusedLayerNorm", { x, gamma, beta }, { epsilon }) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const { y, reduced } = forwardLinear(normalized, { weight, bias, update, inputActivation });
      const ofUpdate = update ? [update.down, update.up, reduced as tf.Tensor] : [];
      save([x, gamma, beta, mean, rstd, weight, ...ofUpdate]);
      return y;
    },
    gradients(dy, saved, wanted) {
      const [x, gamma, beta, mean, rstd, weight] = saved as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const [down, up, reduced] = saved.slice(6);
      const needsNorm = ["x", "gamma", "beta"].some((name) => wanted.has(name));
      const needsInput = wanted.has("weight") || wanted.has("down");
      const normalized = needsInput ? runKernel("FusedLayerNorm", { x, gamma, beta }, { epsilon })[0] : undefined;
      const ofLayer = backLinear(
        dy,
        { x: normalized, weight, ...(down && up && { down, up, reduced }), inputActivation },
        new Set([...(needsNorm ? ["x"] : []), ...["weight", "bias", "down", "up"].filter((name) => wanted.has(name))]),
      );
      if (!needsNorm) return { ...ofLayer, x: undefined };
      const ofNorm = { dy: ofLayer.x as tf.Tensor, x, gamma, mean, rstd };
      const [dx, dgamma, dbeta] = runKernel("FusedLayerNormGrad", ofNorm);
      return { ...ofLayer, x: dx, gamma: dgamma, beta: dbeta };
    },
  });
}
