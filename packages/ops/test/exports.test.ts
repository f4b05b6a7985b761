import { expect, it } from "vitest";
import * as ops from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(ops).sort()).toEqual([
    "adamW",
    "attention",
    "averageToGrid",
    "channelAttention",
    "channelTokens",
    "fairCrps",
    "focalLoss",
    "gatherPatches",
    "gatherTokens",
    "gelu",
    "latitudeWeightedMeanSquaredError",
    "latitudeWeights",
    "layerNorm",
    "linear",
    "maskedMeanSquaredError",
    "maskedPatchError",
    "mixChannelPatches",
    "normLinear",
    "normalizePatches",
    "patchify",
    "pickChannels",
    "queryAttention",
    "resizeBilinear",
    "rmsNorm",
    "selfAttention",
    "softmaxCrossEntropy",
    "sumOfSquares",
    "unpatchify",
  ]);
});
