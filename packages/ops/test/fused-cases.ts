import { valueAndGrad } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { composedAttention } from "../src/attention.js";
import { composedChannelAttention } from "../src/channel-attention.js";
import { composedGatherPatches } from "../src/gather-patches.js";
import { composedGatherTokens } from "../src/gather-tokens.js";
import { composedGelu, composedGeluTanh } from "../src/gelu.js";
import {
  attention,
  channelAttention,
  gatherPatches,
  gatherTokens,
  gelu,
  type LowRankUpdate,
  latitudeWeightedMeanSquaredError,
  layerNorm,
  linear,
  maskedPatchError,
  type NormLinearParameters,
  normalizePatches,
  normLinear,
  patchify,
  queryAttention,
  rmsNorm,
  selfAttention,
  softmaxCrossEntropy,
} from "../src/index.js";
import { composedLatitudeWeightedMeanSquaredError } from "../src/latitude-weighted-mean-squared-error.js";
import { composedLayerNorm } from "../src/layer-norm.js";
import { composedLinear } from "../src/linear.js";
import { composedMaskedPatchError } from "../src/masked-patch-error.js";
import { composedRmsNorm } from "../src/rms-norm.js";
import { composedSelfAttention } from "../src/self-attention.js";
import { composedSoftmaxCrossEntropy } from "../src/softmax-cross-entropy.js";
import { invertIndices } from "../src/token-indices.js";
import { normalTensor } from "./random-tensors.js";

type Tensors = readonly [tf.Tensor, ...tf.Tensor[]];

/** An operation, its composed form where it has one, and shapes of the inputs of both. */
export interface FusedCase {
  readonly shapes: readonly (readonly number[])[];
  readonly fused: (...inputs: Tensors) => tf.Tensor;
  readonly composed?: (...inputs: Tensors) => tf.Tensor;
}

const keep = Int32Array.of(3, 0, 1, 2);

/** The same numbers as a linear layer's output, which is stored in bf16 under that policy. */
function stored(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => linear(x, tf.eye(x.shape.at(-1) as number)));
}

function patchError(prediction: tf.Tensor): Parameters<typeof maskedPatchError> {
  const mask = tf.tensor2d([1, 0, 1, 1, 0, 1, 0, 0], [2, 4]);
  return [stored(prediction), normalTensor([2, 3, 8, 8], 7), mask, { patchSize: 4, normalize: true }];
}

/** Keys that every query, some heads' and one sample's see or not, in numbers that are added. */
function attentionCase(queries: number, keyHeads: number): FusedCase {
  const bias = () => tf.where(tf.greater(normalTensor([2, 3, queries, 19], 8), 1), Number.NEGATIVE_INFINITY, 0.5);
  const attrs = { numHeads: 3, numKeyValueHeads: keyHeads };
  return {
    shapes: [
      [2, queries, 3 * 24],
      [2, 19, keyHeads * 24],
      [2, 19, keyHeads * 24],
    ],
    fused: (q, k, v) =>
      tf.tidy(() => attention(q, stored(k as tf.Tensor), stored(v as tf.Tensor), { ...attrs, mask: bias() })),
    composed: (q, k, v) =>
      tf.tidy(() => composedAttention(q, k as tf.Tensor, v as tf.Tensor, { ...attrs, causal: false }, bias())),
  };
}

/** C channels of F numbers in 21 rows, some of which see few channels or none; 2 heads. */
function channelAttentionCase(channels: number, values: number, headDim: number, isMasked = false): FusedCase {
  const columns = channels * values;
  const seen = () => tf.greater(normalTensor([21, channels], 8), tf.reshape(tf.linspace(-4, 4, 21), [21, 1]));
  const run = (attend: typeof composedChannelAttention, patches: tf.Tensor, [weight, bias, values, ofValues]: Four) =>
    tf.tidy(() => {
      const scaled = (x: tf.Tensor): tf.Tensor => tf.div(x, Math.sqrt(columns));
      const parameters = {
        scoreWeight: scaled(weight),
        scoreBias: bias,
        valueWeight: scaled(values),
        valueBias: ofValues,
      };
      return attend(patches, parameters, { numHeads: 2, ...(isMasked && { mask: seen() }) });
    });
  return {
    shapes: [
      [21, columns],
      [2, columns],
      [2, channels],
      [2 * headDim, columns],
      [2 * headDim, channels],
    ],
    fused: (patches, ...rest) => run(channelAttention, patches, rest as unknown as Four),
    composed: (patches, ...rest) => run(composedChannelAttention, patches, rest as unknown as Four),
  };
}

/** 37 rows of 5 tokens, 40 wide; row r doesn't see token r mod 6. */
function queryAttentionCase(heads: number, isMasked: boolean): FusedCase {
  const seen = () =>
    tf.tensor2d(
      Array.from({ length: 37 * 5 }, (_, i) => (Math.floor(i / 5) % 6 !== i % 5 ? 1 : 0)),
      [37, 5],
      "bool",
    );
  return {
    shapes: [
      [37, 5, 40],
      [heads, 40],
      [heads * 6, 40],
    ],
    fused: (tokens, scoreWeight, valueWeight) =>
      tf.tidy(() =>
        queryAttention(
          tokens,
          { scoreWeight, valueWeight } as Parameters<typeof queryAttention>[1],
          isMasked ? seen() : undefined,
        ),
      ),
    composed: (tokens, scoreWeight, valueWeight) =>
      tf.tidy(() => {
        const scores = tf.einsum("rgd,hd->rhg", tokens, scoreWeight as tf.Tensor);
        const hidden = isMasked ? tf.mul(tf.sub(tf.cast(seen(), "float32"), 1), 1e30) : tf.zeros([37, 5]);
        const means = tf.matMul(tf.softmax(tf.add(scores, tf.reshape(hidden, [37, 1, 5]))), tokens);
        const values = tf.reshape(valueWeight as tf.Tensor, [heads, 6, 40]);
        return tf.reshape(tf.einsum("rhd,hjd->rhj", means, values), [37, heads * 6]);
      }),
  };
}

type Four = readonly [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
type Five = readonly [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** All that a linear layer can do at once. */
function updatedLinear(op: typeof composedLinear, x: tf.Tensor, [weight, bias, down, up, residual]: Five): tf.Tensor {
  return op(x, weight, bias, { inputActivation: "gelu", residual, update: { down, up } });
}

/** Sizes that are no multiples of a vector register, with a ViT's proportions. */
export const fusedCases: Readonly<Record<string, FusedCase>> = {
  linear: {
    shapes: [[2, 9, 40], [56, 40], [56]],
    fused: (x, weight, bias) => linear(x, weight as tf.Tensor, bias),
    composed: (x, weight, bias) => composedLinear(x, weight as tf.Tensor, bias, {}),
  },
  "linear with a low-rank update": {
    shapes: [[2, 9, 40], [56, 40], [56], [3, 40], [56, 3], [2, 9, 56]],
    fused: (x, ...rest) => updatedLinear(linear, x, rest as unknown as Five),
    composed: (x, ...rest) => updatedLinear(composedLinear, x, rest as unknown as Five),
  },
  "normLinear with a low-rank update": {
    shapes: [[2, 9, 40], [40], [40], [56, 40], [3, 40], [56, 3]],
    fused: (x, gamma, beta, weight, down, up) =>
      normLinear(x, { gamma, beta, epsilon: 1e-5, weight, update: { down, up } } as NormLinearParameters),
    composed: (x, gamma, beta, weight, down, up) =>
      tf.tidy(() => {
        const normed = composedLayerNorm(x, gamma as tf.Tensor, beta as tf.Tensor, 1e-5);
        return composedLinear(normed, weight as tf.Tensor, undefined, { update: { down, up } as LowRankUpdate });
      }),
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
  normLinear: {
    shapes: [[2, 9, 40], [40], [40], [24, 40], [24]],
    fused: (x, gamma, beta, weight, bias) =>
      normLinear(x, { gamma, beta, weight, bias, epsilon: 1e-6 } as NormLinearParameters),
    composed: (x, gamma, beta, weight, bias) =>
      composedLinear(
        composedLayerNorm(x, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
        weight as tf.Tensor,
        bias as tf.Tensor,
        {},
      ),
  },
  layerNorm: {
    shapes: [[2, 9, 40], [40], [40]],
    fused: (x, gamma, beta) => layerNorm(x, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
    composed: (x, gamma, beta) => composedLayerNorm(x, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
  },
  rmsNorm: {
    shapes: [[2, 9, 40], [40]],
    fused: (x, gamma) => tf.tidy(() => rmsNorm(stored(x), gamma as tf.Tensor, 1e-6)),
    composed: (x, gamma) => composedRmsNorm(x, gamma as tf.Tensor, 1e-6),
  },
  "attention of 5 queries, masked": attentionCase(5, 3),
  "attention of 5 queries": {
    shapes: [
      [1, 5, 3 * 24],
      [2, 19, 3 * 24],
      [2, 19, 3 * 24],
    ],
    fused: (q, k, v) => attention(q, k as tf.Tensor, v as tf.Tensor, { numHeads: 3 }),
    composed: (q, k, v) => {
      const attrs = { numHeads: 3, numKeyValueHeads: 3, causal: false };
      return composedAttention(q, k as tf.Tensor, v as tf.Tensor, attrs, undefined);
    },
  },
  "channelAttention of whole groups of lanes": channelAttentionCase(32, 4, 16),
  "channelAttention of 3 × 3 pixels": channelAttentionCase(21, 9, 20),
  "channelAttention of 5 × 5 pixels, masked": channelAttentionCase(19, 25, 3, true),
  "channelAttention of single pixels": channelAttentionCase(50, 1, 33),
  "channelAttention of 32 numbers": channelAttentionCase(17, 32, 8),
  "channelAttention of 2 numbers": channelAttentionCase(16, 2, 5),
  "channelAttention of 18 numbers": channelAttentionCase(16, 18, 5),
  "queryAttention of one head": queryAttentionCase(1, false),
  "queryAttention of 3 heads, masked": queryAttentionCase(3, true),
  "attention of one query, masked": attentionCase(1, 3),
  "attention of one query, fewer key heads": attentionCase(1, 1),
  latitudeWeightedMeanSquaredError: {
    shapes: [
      [2, 2, 3, 50],
      [2, 2, 3, 50],
    ],
    fused: (p, t) => tf.tidy(() => latitudeWeightedMeanSquaredError(stored(p), t as tf.Tensor, [0.5, 1, 1.5])),
    composed: (p, t) => composedLatitudeWeightedMeanSquaredError(p, t as tf.Tensor, [0.5, 1, 1.5], [1, 1]),
  },
  softmaxCrossEntropy: {
    shapes: [[2, 50]],
    fused: (logits) =>
      tf.tidy(() => softmaxCrossEntropy(stored(logits), Int32Array.of(49, 3), { labelSmoothing: 0.1 })),
    composed: (logits) => composedSoftmaxCrossEntropy(logits, Int32Array.of(49, 3), 0.1),
  },
  "tanh GELU": {
    shapes: [[3, 50]],
    fused: (x) => gelu(x, { approximate: "tanh" }),
    composed: composedGeluTanh,
  },
  "linear of a tanh GELU": {
    shapes: [[2, 9, 40], [56, 40], [56]],
    fused: (x, weight, bias) => linear(x, weight as tf.Tensor, bias, { inputActivation: "gelu-tanh" }),
    composed: (x, weight, bias) => tf.tidy(() => composedLinear(composedGeluTanh(x), weight as tf.Tensor, bias, {})),
  },
  selfAttention: {
    shapes: [[2, 19, 3 * 24]],
    fused: (qkv) => selfAttention(qkv, 3),
    composed: (qkv) => composedSelfAttention(qkv, 3),
  },
  gelu: { shapes: [[3, 50]], fused: (x) => gelu(x), composed: composedGelu },
  patchify: { shapes: [[2, 3, 8, 12]], fused: (images) => patchify(images, 4, "channels-last") },
  gatherTokens: {
    shapes: [[2, 4, 5]],
    fused: (x) => gatherTokens(x, keep),
    composed: (x) => composedGatherTokens(x, keep, invertIndices("test", keep, 2, 4)),
  },
  gatherPatches: {
    shapes: [[2, 3, 8, 8]],
    fused: (images) => gatherPatches(images, { patchSize: 4, keep }),
    composed: (images) => composedGatherPatches(images, { patchSize: 4, keep }, invertIndices("test", keep, 2, 4)),
  },
  maskedPatchError: {
    shapes: [[2, 4, 48]],
    fused: (prediction) => tf.tidy(() => maskedPatchError(...patchError(prediction))),
    composed: (prediction) => tf.tidy(() => composedMaskedPatchError(...patchError(prediction))),
  },
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
