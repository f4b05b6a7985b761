import { expect, it } from "vitest";
import * as ops from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(ops).sort()).toEqual([
    "adamW",
    "gatherPatches",
    "gatherTokens",
    "gelu",
    "layerNorm",
    "linear",
    "maskedMeanSquaredError",
    "maskedPatchError",
    "normalizePatches",
    "patchify",
    "selfAttention",
    "softmaxCrossEntropy",
    "sumOfSquares",
    "unpatchify",
  ]);
});
