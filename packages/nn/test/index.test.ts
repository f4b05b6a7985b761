import { expect, test } from "vitest";
import * as nn from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(nn).sort()).toMatchInlineSnapshot(`
    [
      "Embedding",
      "LayerNorm",
      "Linear",
      "Mlp",
      "Module",
      "Parameter",
      "PatchEmbed",
      "RmsNorm",
      "SelfAttention",
      "TransformerBlock",
      "applyRecompute",
      "bfloat16ToFloat32",
      "bytesPerValue",
      "bytesSource",
      "checkDropRates",
      "compareState",
      "constantValues",
      "deferInitialization",
      "dropout",
      "encodeFloats",
      "encodeSafetensorsHeader",
      "float16ToFloat32",
      "float32ToBfloat16",
      "float32ToFloat16",
      "gatherRows",
      "initialize",
      "normal",
      "ones",
      "openPyTorchState",
      "openSafetensorsState",
      "openShardedSafetensors",
      "parseSafetensorsHeader",
      "readSafetensor",
      "readSafetensorsHeader",
      "sinCosPositionEmbedding1d",
      "sinCosPositionEmbedding2d",
      "truncNormal",
      "xavierUniform",
      "zeros",
    ]
  `);
});
