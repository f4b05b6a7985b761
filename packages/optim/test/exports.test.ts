import { expect, it } from "vitest";
import * as optim from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(optim).sort()).toEqual([
    "clipCoefficient",
    "globalNorm",
    "makeAdamW",
    "makeLossScaler",
    "scaleLearningRates",
    "warmupCosine",
    "weightDecayGroups",
  ]);
});
