import {
  attention,
  channelAttention,
  gatherPatches,
  gatherTokens,
  gelu,
  latitudeWeightedMeanSquaredError,
  linear,
  maskedPatchError,
  queryAttention,
  rmsNorm,
  softmaxCrossEntropy,
} from "@graticule/ops";
import * as tf from "@tensorflow/tfjs-core";

export interface OpCase {
  /** Kernels without which the operation is composed. */
  readonly kernels: readonly string[];
  readonly variables: tf.Variable[];
  readonly run: () => tf.Tensor;
}

const variable = (...shape: number[]): tf.Variable => tf.variable(tf.randomNormal(shape, 0, 1, "float32", 1));

/** The first K of a fixed shuffle of N, for each of B samples. */
function someOf(batch: number, tokens: number, picked: number): Int32Array {
  return Int32Array.from({ length: batch * picked }, (_, i) => ((i % picked) * 37 + Math.floor(i / picked)) % tokens);
}

/** One query over the channels of 4096 rows, with a rank's heads of 16 numbers: one of 8, or all. */
function channelCase(channels: number, values: number, heads: number): OpCase {
  const patches = tf.randomNormal([4096, channels * values]);
  const [scoreWeight, scoreBias] = [variable(heads, channels * values), variable(heads, channels)];
  const [valueWeight, valueBias] = [variable(heads * 16, channels * values), variable(heads * 16, channels)];
  const parameters = { scoreWeight, scoreBias, valueWeight, valueBias };
  return {
    kernels: ["FusedChannelAttention"],
    variables: Object.values(parameters),
    run: () => channelAttention(patches, parameters, { numHeads: heads }),
  };
}

/** One learned query over the tokens of 8 groups, in 4096 rows. */
function queryCase(heads: number, width: number): OpCase {
  const [tokens, scoreWeight, valueWeight] = [variable(4096, 8, width), variable(heads, width), variable(width, width)];
  const run = () => queryAttention(tokens, { scoreWeight, valueWeight });
  return { kernels: ["FusedQueryAttention"], variables: [tokens, scoreWeight, valueWeight], run };
}

/** Shapes of a ViT-Base MAE at batch 32, 224 × 224, unless a line says otherwise. */
export const opCases: Readonly<Record<string, () => OpCase>> = {
  maskedPatchError: () => {
    const images = tf.randomNormal([32, 3, 224, 224]);
    const mask = tf.tensor2d(
      Float32Array.from({ length: 32 * 196 }, (_, i) => (i % 4 ? 1 : 0)),
      [32, 196],
    );
    const prediction = variable(32, 196, 768);
    const options = { patchSize: 16, normalize: true };
    const run = () => maskedPatchError(prediction, images, mask, options);
    return { kernels: ["FusedPatchError"], variables: [prediction], run };
  },
  gatherPatches: () => {
    // With the projection of width 8 that gives it something to differentiate.
    const images = tf.randomNormal([32, 3, 224, 224]);
    const weight = variable(8, 768);
    const keep = someOf(32, 196, 49);
    const run = () => linear(gatherPatches(images, { patchSize: 16, keep }), weight);
    return { kernels: ["FusedGatherPatches", "FusedGatherTokens"], variables: [weight], run };
  },
  gatherTokens: () => {
    const tokens = variable(32, 196, 512);
    const restore = someOf(32, 196, 196);
    return { kernels: ["FusedGatherTokens"], variables: [tokens], run: () => gatherTokens(tokens, restore) };
  },
  "attention of one query": () => {
    // Channel aggregation of D-CHAG: 4 samples of 256 positions, 64 channels, one learned query.
    const [q, k, v] = [variable(1, 1, 768), variable(1024, 64, 768), variable(1024, 64, 768)] as const;
    return { kernels: ["FusedAttention"], variables: [q, k, v], run: () => attention(q, k, v, { numHeads: 12 }) };
  },
  "attention of one query, masked": () => {
    const [q, k, v] = [variable(1, 1, 768), variable(1024, 64, 768), variable(1024, 64, 768)] as const;
    const mask = tf.tensor2d(
      Array.from({ length: 1024 * 64 }, (_, i) => i % 3 !== 0),
      [1024, 64],
      "bool",
    );
    return { kernels: ["FusedAttention"], variables: [q, k, v], run: () => attention(q, k, v, { numHeads: 12, mask }) };
  },
  "attention of 196 queries over 588 keys": () => {
    const [q, k, v] = [variable(8, 196, 768), variable(8, 588, 768), variable(8, 588, 768)] as const;
    return { kernels: ["FusedAttention"], variables: [q, k, v], run: () => attention(q, k, v, { numHeads: 12 }) };
  },
  "attention over 128 channels of 2 × 2 pixels": () => channelCase(128, 4, 8),
  "attention over 1024 channels of 2 × 2 pixels, one head": () => channelCase(1024, 4, 1),
  "attention over 218 channels of 4 × 4 pixels": () => channelCase(218, 16, 8),
  "learned query of one head over 8 tokens": () => queryCase(1, 256),
  "learned query of 8 heads over 8 tokens": () => queryCase(8, 256),
  rmsNorm: () => {
    const [x, gamma] = [variable(32, 197, 768), variable(768)] as const;
    return { kernels: ["FusedRmsNorm"], variables: [x, gamma], run: () => rmsNorm(x, gamma, 1e-6) };
  },
  "tanh GELU": () => {
    const x = variable(32, 50, 3072);
    return { kernels: ["FusedGeluTanh"], variables: [x], run: () => gelu(x, { approximate: "tanh" }) };
  },
  softmaxCrossEntropy: () => {
    const logits = variable(1024, 1000);
    const labels = Int32Array.from({ length: 1024 }, (_, i) => (i * 7) % 1000);
    const run = () => softmaxCrossEntropy(logits, labels, { labelSmoothing: 0.1 });
    return { kernels: ["FusedSoftmaxCrossEntropy"], variables: [logits], run };
  },
  latitudeWeightedMeanSquaredError: () => {
    // 4 samples of 48 variables on a 1.40625° grid.
    const [prediction, target] = [variable(4, 48, 128, 256), tf.randomNormal([4, 48, 128, 256])];
    const weights = new Array<number>(128).fill(1);
    const run = () => latitudeWeightedMeanSquaredError(prediction, target, weights);
    return { kernels: ["FusedLatitudeError"], variables: [prediction], run };
  },
};
