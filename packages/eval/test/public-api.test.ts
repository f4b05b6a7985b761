import { expect, it } from "vitest";
import * as api from "../src/index.js";

it("exports these names and no others", () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "applyLinearClassifier",
      "applyStandardizer",
      "bootstrapIntervals",
      "channelStatisticsFeatures",
      "classificationMetrics",
      "downsampledPixelFeatures",
      "fitStandardizer",
      "knn",
      "linearProbe",
      "minimizeLbfgs",
      "predictClasses",
      "quantile",
      "stratifiedSplit",
    ]
  `);
});
