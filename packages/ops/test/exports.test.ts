import { expect, it } from "vitest";
import * as ops from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(ops).sort()).toEqual([
    "adamW",
    "gatherTokens",
    "gelu",
    "layerNorm",
    "linear",
    "maskedMeanSquaredError",
    "normLinear",
    "normalizePatches",
    "patchify",
    "selfAttention",
    "softmaxCrossEntropy",
    "sumOfSquares",
    "unpatchify",
  ]);
});
