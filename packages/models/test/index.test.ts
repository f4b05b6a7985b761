import { expect, test } from "vitest";
import * as models from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(models).sort()).toMatchInlineSnapshot(`
    [
      "Classifier",
      "Mae",
      "Vit",
      "countParameters",
      "loadMaeEncoder",
      "maeConfig",
      "maeInitRules",
      "maeLoss",
      "makeClassifier",
      "makeMae",
      "makeMaeMask",
      "makeRandomMask",
      "makeVit",
      "maskFromShuffles",
      "numPatches",
      "patchGrid",
      "poolTokens",
      "vitConfig",
      "vitInitRules",
      "vitPresets",
    ]
  `);
});
