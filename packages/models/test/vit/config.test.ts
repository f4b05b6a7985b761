import { expect, test } from "vitest";
import { maeConfig, numPatches, patchGrid, type VitPreset, vitConfig, vitPresets } from "../../src/index.js";

test("the presets are the published tables", () => {
  const rows = Object.entries(vitPresets).map(
    ([name, { embedDim, depth, mlpDim, numHeads, patchSize }]) =>
      `${name}: ${embedDim} × ${depth}, MLP ${mlpDim}, ${numHeads} heads, patch ${patchSize}`,
  );
  expect(rows).toEqual([
    "tiny: 192 × 12, MLP 768, 3 heads, patch 16",
    "small: 384 × 12, MLP 1536, 6 heads, patch 16",
    "base: 768 × 12, MLP 3072, 12 heads, patch 16",
    "large: 1024 × 24, MLP 4096, 16 heads, patch 16",
    "huge: 1280 × 32, MLP 5120, 16 heads, patch 14",
    "1B: 1536 × 32, MLP 6144, 16 heads, patch 14",
    "3B: 2816 × 32, MLP 11264, 32 heads, patch 14",
    "5B: 1792 × 56, MLP 15360, 16 heads, patch 14",
    "15B: 5040 × 48, MLP 20160, 48 heads, patch 14",
  ]);
});

test("overrides win over the preset, and the grid follows H and W", () => {
  const config = vitConfig("huge", { imageSize: [64, 96], inChannels: 13, patchSize: 8, pool: "mean" });
  expect(config).toEqual({
    imageSize: [64, 96],
    inChannels: 13,
    patchSize: 8,
    embedDim: 1280,
    depth: 32,
    numHeads: 16,
    mlpDim: 5120,
    pool: "mean",
  });
  expect(patchGrid(config)).toEqual([8, 12]);
  expect(numPatches(config)).toBe(96);
  expect(Object.isFrozen(config)).toBe(true);
});

test("the decoder is the paper's unless given, its MLP four times its width", () => {
  const size = { imageSize: [224, 224], inChannels: 3 } as const;
  expect(maeConfig("base", size)).toMatchObject({
    embedDim: 768,
    decoderEmbedDim: 512,
    decoderDepth: 8,
    decoderNumHeads: 16,
    decoderMlpDim: 2048,
  });
  expect(maeConfig("base", { ...size, decoderEmbedDim: 128 }).decoderMlpDim).toBe(512);
});

test("each value that can't be built is an error that names it", () => {
  const size = { imageSize: [32, 48], inChannels: 4 } as const;
  const message = (run: () => unknown) => {
    try {
      run();
      return "no error";
    } catch (error) {
      return String(error);
    }
  };
  expect([
    message(() => vitConfig("giant" as VitPreset, size)),
    message(() => vitConfig("toString" as VitPreset, size)),
    message(() => vitConfig("base", { ...size, imageSize: [32, 40] })),
    message(() => vitConfig("base", { ...size, imageSize: [0, 48] })),
    message(() => vitConfig("base", { ...size, inChannels: 2.5 })),
    message(() => vitConfig("base", { ...size, depth: Number.NaN })),
    message(() => vitConfig("base", { ...size, numHeads: 7 })),
    message(() => vitConfig("base", { ...size, pool: "max" as "cls" })),
    message(() => maeConfig("base", { ...size, decoderNumHeads: 6 })),
    message(() => maeConfig("base", { ...size, decoderEmbedDim: 6, decoderNumHeads: 3 })),
    message(() => maeConfig("base", { ...size, decoderDepth: -1 })),
  ]).toMatchInlineSnapshot(`
    [
      "RangeError: vitConfig: expected a preset of tiny, small, base, large, huge, 1B, 3B, 5B, 15B, got 'giant'.",
      "RangeError: vitConfig: expected a preset of tiny, small, base, large, huge, 1B, 3B, 5B, 15B, got 'toString'.",
      "RangeError: vitConfig: expected patchSize to divide imageSize [32, 40], got 16. Choose a common divisor, or another imageSize.",
      "RangeError: vitConfig: expected imageSize[0] to be a positive whole number, got 0.",
      "RangeError: vitConfig: expected inChannels to be a positive whole number, got 2.5.",
      "RangeError: vitConfig: expected depth to be a positive whole number, got NaN.",
      "RangeError: vitConfig: expected numHeads to divide embedDim 768, got 7. Choose a divisor.",
      "RangeError: vitConfig: expected pool to be 'cls' or 'mean', got 'max'.",
      "RangeError: maeConfig: expected decoderNumHeads to divide decoderEmbedDim 512, got 6. Choose a divisor.",
      "RangeError: maeConfig: expected decoderEmbedDim to be a multiple of 4 for its sin-cos positions, got 6.",
      "RangeError: maeConfig: expected decoderDepth to be a positive whole number, got -1.",
    ]
  `);
});
