import { valueAndGrad } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { composedGelu } from "../src/gelu.js";
import { gatherTokens, gelu, layerNorm, linear, normalizePatches, patchify, selfAttention } from "../src/index.js";
import { composedLayerNorm } from "../src/layer-norm.js";
import { composedLinear } from "../src/linear.js";
import { composedSelfAttention } from "../src/self-attention.js";
import { normalTensor, numbers } from "./random-tensors.js";

type Tensors = readonly [tf.Tensor, ...tf.Tensor[]];

/** An operation, its composed form where it has one, and shapes of the inputs of both. */
export interface FusedCase {
  readonly shapes: readonly (readonly number[])[];
  readonly fused: (...inputs: Tensors) => tf.Tensor;
  readonly composed?: (...inputs: Tensors) => tf.Tensor;
}

/** Sizes that are no multiples of a vector register, with a ViT's proportions. */
export const fusedCases: Readonly<Record<string, FusedCase>> = {
  linear: {
    shapes: [[2, 9, 40], [56, 40], [56]],
    fused: (x, weight, bias) => linear(x, weight as tf.Tensor, bias),
    composed: (x, weight, bias) => composedLinear(x, weight as tf.Tensor, bias, {}),
  },
  "linear without bias": {
    shapes: [
      [2, 9, 40],
      [56, 40],
    ],
    fused: (x, weight) => linear(x, weight as tf.Tensor),
    composed: (x, weight) => composedLinear(x, weight as tf.Tensor, undefined, {}),
  },
  "linear with GELU": {
    shapes: [[2, 9, 40], [56, 40], [56]],
    fused: (x, weight, bias) => linear(x, weight as tf.Tensor, bias, { inputActivation: "gelu" }),
    composed: (x, weight, bias) => composedLinear(x, weight as tf.Tensor, bias, { inputActivation: "gelu" }),
  },
  "linear with a residual": {
    shapes: [
      [2, 130, 70],
      [100, 70],
      [2, 130, 100],
    ],
    fused: (x, weight, residual) => linear(x, weight as tf.Tensor, undefined, { residual: residual as tf.Tensor }),
    composed: (x, weight, residual) =>
      composedLinear(x, weight as tf.Tensor, undefined, { residual: residual as tf.Tensor }),
  },
  "linear in several blocks of depth": {
    shapes: [[3, 1100], [1030, 1100], [1030]],
    fused: (x, weight, bias) => linear(x, weight as tf.Tensor, bias),
    composed: (x, weight, bias) => composedLinear(x, weight as tf.Tensor, bias, {}),
  },
  layerNorm: {
    shapes: [[2, 9, 40], [40], [40]],
    fused: (x, gamma, beta) => layerNorm(x, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
    composed: (x, gamma, beta) => composedLayerNorm(x, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
  },
  selfAttention: {
    shapes: [[2, 19, 3 * 24]],
    fused: (qkv) => selfAttention(qkv, 3),
    composed: (qkv) => composedSelfAttention(qkv, 3),
  },
  gelu: { shapes: [[3, 50]], fused: gelu, composed: composedGelu },
  patchify: { shapes: [[2, 3, 8, 12]], fused: (images) => patchify(images, 4, "channels-last") },
  gatherTokens: { shapes: [[2, 4, 5]], fused: (x) => gatherTokens(x, Int32Array.of(3, 0, 1, 2)) },
  normalizePatches: { shapes: [[2, 4, 9]], fused: (patches) => normalizePatches(patches) },
};

/** The output and the gradients of its weighted sum, on the active backend. */
export function evaluateCase(f: (...inputs: Tensors) => tf.Tensor, shapes: FusedCase["shapes"]): number[][] {
  const variables = shapes.map((shape, seed) => tf.tidy(() => tf.variable(normalTensor(shape, seed))));
  const output = f(...(variables as unknown as Tensors));
  const results = [numbers(output)];
  const loss = () =>
    tf.sum(tf.mul(f(...(variables as unknown as Tensors)), normalTensor(output.shape, 9))) as tf.Scalar;
  const { value, gradients } = valueAndGrad(loss, variables);
  for (const gradient of gradients) results.push(numbers(gradient as tf.Tensor));
  tf.dispose([output, value, ...(gradients as tf.Tensor[]), ...variables]);
  return results;
}
