import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel } from "./fused.js";
import { layerNorm } from "./layer-norm.js";
import { linear } from "./linear.js";

export interface NormLinearParameters {
  /** `[K]`, scale and shift of the layer norm. */
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  readonly epsilon: number;
  /** `[N, K]`. */
  readonly weight: tf.Tensor;
  /** `[N]`. */
  readonly bias: tf.Tensor;
}

/**
 * A linear layer of normalized input, `linear(layerNorm(x))`. The normalized tensor is not kept for the backward pass but
 * made again from x there: that costs one pass over it and saves its memory.
 *
 * Shape: x `[..., K]` → `[..., N]`.
 *
 * @throws {ShapeError} if the shapes don't fit.
 */
export function normLinear(x: tf.Tensor, parameters: NormLinearParameters): tf.Tensor {
  const { gamma, beta, epsilon, weight, bias } = parameters;
  if (!hasKernel("FusedLinear")) return tf.tidy(() => linear(layerNorm(x, gamma, beta, epsilon), weight, bias));
  const width = x.shape.at(-1) ?? "K";
  checkShape("normLinear", "gamma", gamma, [width]);
  checkShape("normLinear", "beta", beta, [width]);
  checkShape("normLinear", "weight", weight, ["N", width]);
  checkShape("normLinear", "bias", bias, [weight.shape[0] as number]);
  const none = { inputActivation: "none" };
  const run = tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    save([x, gamma, beta, weight]);
    const [normalized] = runKernel("FusedLayerNorm", { x, gamma, beta }, { epsilon });
    const [value] = runKernel("FusedLinear", { x: normalized as tf.Tensor, weight, bias }, none);
    return { value: value as tf.Tensor, gradFunc: backward };
  });
  const backward = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
    const [x, gamma, beta, weight] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [normalized, mean, rstd] = runKernel("FusedLayerNorm", { x, gamma, beta }, { epsilon });
    const inputs = { dy, x: normalized as tf.Tensor, weight };
    const [dnormalized, dweight, dbias] = runKernel("FusedLinearGrad", inputs, { ...none, hasBias: true });
    const ofNorm = { dy: dnormalized, x, gamma, mean, rstd } as tf.NamedTensorMap;
    const [dx, dgamma, dbeta] = runKernel("FusedLayerNormGrad", ofNorm);
    return [dx, dgamma, dbeta, dweight, dbias] as tf.Tensor[];
  };
  return run(x, gamma, beta, weight, bias);
}
