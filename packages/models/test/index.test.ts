import { expect, test } from "vitest";
import * as models from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(models).sort()).toMatchInlineSnapshot(`
    [
      "ChannelEncoder",
      "ChannelVit",
      "Classifier",
      "Forecaster",
      "Mae",
      "Vit",
      "channelEncoderInitRules",
      "channelTree",
      "channelVitConfig",
      "channelVitPresets",
      "channelsOf",
      "countParameters",
      "ensembleInputs",
      "ensembleLoss",
      "forecastLoss",
      "forecasterConfig",
      "forecasterInitRules",
      "loadMaeEncoder",
      "maeConfig",
      "maeInitRules",
      "maeLoss",
      "makeChannelVit",
      "makeClassifier",
      "makeForecaster",
      "makeMae",
      "makeMaeMask",
      "makeRandomMask",
      "makeVit",
      "maskFromShuffles",
      "numPatches",
      "patchGrid",
      "poolTokens",
      "rollout",
      "rolloutLoss",
      "rolloutSteps",
      "vitConfig",
      "vitInitRules",
      "vitPresets",
    ]
  `);
});
