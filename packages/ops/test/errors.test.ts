import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import * as ops from "../src/index.js";

const ones = (...shape: number[]): tf.Tensor => tf.ones(shape);
const variable = (...shape: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.ones(shape)));
const hyper = { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, step: 1, gradScale: 1 };

describeOnBackends("wrong input", () => {
  it("is named with its shape", () => {
    const attempts: (() => unknown)[] = [
      () => ops.linear(ones(2, 3), ones(3, 4)),
      () => ops.linear(ones(2, 3), ones(4, 3), ones(3)),
      () => ops.layerNorm(ones(2, 3), ones(2), ones(3), 1e-6),
      () => ops.selfAttention(ones(2, 12), 2),
      () => ops.selfAttention(ones(2, 4, 12), 3),
      () => ops.patchify(ones(1, 3, 32, 30), 16, "channels-last"),
      () => ops.unpatchify(ones(1, 4, 12), { inChannels: 3, imageSize: [4, 6], patchSize: 2, order: "channels-last" }),
      () => ops.gatherTokens(ones(2, 4), Int32Array.of(0, 1)),
      () => ops.softmaxCrossEntropy(ones(2, 4), Int32Array.of(0)),
      () => ops.normalizePatches(ones(2, 4)),
      () => ops.maskedMeanSquaredError(ones(1, 4, 3), ones(1, 4, 2), ones(1, 4)),
      () => ops.gatherPatches(ones(1, 2, 4, 6), { patchSize: 4 }),
      () => ops.gatherPatches(ones(1, 2, 4, 4), { patchSize: 2, mean: [0, 0] }),
      () => ops.maskedPatchError(ones(1, 4, 6), ones(1, 2, 4, 4), ones(1, 4), { patchSize: 2, normalize: true }),
      () => ops.maskedPatchError(ones(1, 4, 8), ones(1, 2, 4, 4), ones(4), { patchSize: 2, normalize: true }),
      () => ops.rmsNorm(ones(2, 3), ones(2), 1e-6),
      () => ops.attention(ones(2, 3, 8), ones(1, 4, 8), ones(1, 4, 8), { numHeads: 2 }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 3 }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 4, numKeyValueHeads: 3 }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 4, numKeyValueHeads: 2 }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 3, 8), { numHeads: 2 }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 2, mask: "causal" }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 2, mask: ones(2, 3) }),
      () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 2, mask: ones(2, 3, 3, 4) }),
      () => ops.latitudeWeightedMeanSquaredError(ones(1, 2, 3, 4), ones(1, 2, 3, 4), [1, 1]),
      () => ops.latitudeWeightedMeanSquaredError(ones(1, 2, 3, 4), ones(1, 2, 4, 3), [1, 1, 1]),
      () => ops.latitudeWeightedMeanSquaredError(ones(1, 1, 1, 4), ones(1, 1, 1, 4), [1], { variableWeights: [1, 1] }),
      () => ops.adamW(variable(2), ones(3), variable(2), variable(2), hyper),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(ShapeError);
    expect(attempts.map(messageOf).join("\n")).toMatchInlineSnapshot(`
      "linear: expected weight of shape [N, 3], got [3, 4].
      linear: expected bias of shape [4], got [3].
      layerNorm: expected gamma of shape [3], got [2].
      selfAttention: expected qkv of shape [B, N, 3D], got [2, 12].
      selfAttention: expected a last dim divisible by 3 · 3 heads, got 12.
      patchify: expected H and W divisible by the patch size 16, got [32, 30]. Crop or resize the images.
      unpatchify: expected patches of shape [B, 6, 12], got [1, 4, 12].
      gatherTokens: expected x of shape [B, N, D], got [2, 4].
      softmaxCrossEntropy: expected 2 labels, got 1.
      normalizePatches: expected patches of shape [B, N, F], got [2, 4].
      maskedMeanSquaredError: expected target of shape [1, 4, 3], got [1, 4, 2].
      gatherPatches: expected H and W divisible by the patch size 4, got [4, 6]. Crop or resize the images.
      gatherPatches: expected mean and std of 2 channels, got 2 and 0 values.
      maskedPatchError: expected prediction of shape [1, 4, 8], got [1, 4, 6].
      maskedPatchError: expected mask of shape [1, 4], got [4].
      rmsNorm: expected gamma of shape [3], got [2].
      attention: expected k of shape [2, Nk, 8], got [1, 4, 8].
      attention: expected q of a last dim divisible by 3 heads, got 8.
      attention: expected numKeyValueHeads to divide 4 heads, got 3.
      attention: expected k of shape [2, Nk, 4], got [2, 4, 8].
      attention: expected v of shape [2, 4, 8], got [2, 3, 8].
      attention: expected k (with a causal mask) of shape [B, 3, D], got [2, 4, 8].
      attention: expected mask of shape [2, 4], got [2, 3].
      attention: expected mask of shape [2, 2, 3, 4], got [2, 3, 3, 4].
      latitudeWeightedMeanSquaredError: expected 3 latitude weights, got 2.
      latitudeWeightedMeanSquaredError: expected target of shape [1, 2, 3, 4], got [1, 2, 4, 3].
      latitudeWeightedMeanSquaredError: expected 1 variable weights, got 2.
      adamW: expected gradient of shape [2], got [3]."
    `);
  });

  it("is named with its value", () => {
    const attempts: (() => unknown)[] = [
      () => ops.gatherTokens(ones(2, 4, 1), Int32Array.of(0, 1, 2)),
      () => ops.gatherTokens(ones(2, 4, 1), Int32Array.of(0, 4)),
      () => ops.gatherTokens(ones(1, 4, 1), Int32Array.of(3, 3)),
      () => ops.gatherPatches(ones(1, 2, 4, 4), { patchSize: 2, keep: Int32Array.of(0, 0) }),
      () => ops.gatherPatches(ones(1, 2, 4, 4), { patchSize: 2, mean: [0, 0], std: [1, 0] }),
      () => ops.softmaxCrossEntropy(ones(2, 4), Int32Array.of(0, -1)),
      () => ops.softmaxCrossEntropy(ones(2, 4), Int32Array.of(0, 1), { labelSmoothing: 1 }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(RangeError);
    expect(attempts.map(messageOf).join("\n")).toMatchInlineSnapshot(`
      "gatherTokens: expected as many indices for each of 2 samples, got 3 in all.
      gatherTokens: expected distinct indices from 0 to 3 in a sample, got 4 at 1.
      gatherTokens: expected distinct indices from 0 to 3 in a sample, got 3 at 1.
      gatherPatches: expected distinct indices from 0 to 3 in a sample, got 0 at 1.
      gatherPatches: expected positive deviations, got 0.
      softmaxCrossEntropy: expected labels from 0 to 3, got -1 in row 1.
      softmaxCrossEntropy: expected labelSmoothing in [0, 1), got 1."
    `);
  });

  it("is named with its dtype", () => {
    const mask = tf.ones([2, 4], "int32");
    const attempt = () => ops.attention(ones(2, 3, 8), ones(2, 4, 8), ones(2, 4, 8), { numHeads: 2, mask });
    expect(attempt).toThrow(TypeError);
    expect(messageOf(attempt)).toMatchInlineSnapshot(
      `"attention: expected a mask of dtype bool or float32, got int32. Cast it to bool if 1 means seen."`,
    );
  });
}, ["cpu"]);

function messageOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}
