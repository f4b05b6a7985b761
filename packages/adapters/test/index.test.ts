import { expect, test } from "vitest";
import * as adapters from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(adapters).sort()).toMatchInlineSnapshot(`
    [
      "activateAdapters",
      "addBottleneck",
      "addIa3",
      "addLora",
      "addParameterTuning",
      "addPrefixTuning",
      "addPromptTuning",
      "addWeightedAdapter",
      "disableAdapters",
      "enableAdapters",
      "encodeAdapter",
      "formatTrainableParameters",
      "loadAdapter",
      "mergeAdapters",
      "mergeAndUnload",
      "removeAdapter",
      "setAdapterDropout",
      "trainableParameters",
      "unloadAdapters",
      "unmergeAdapters",
    ]
  `);
});
