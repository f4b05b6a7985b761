import { expect, test } from "vitest";
import * as adapters from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(adapters).sort()).toMatchInlineSnapshot(`
    [
      "activateAdapters",
      "addLora",
      "disableAdapters",
      "enableAdapters",
      "formatTrainableParameters",
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
