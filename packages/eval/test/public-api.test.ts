import { expect, it } from "vitest";
import * as api from "../src/index.js";

it("exports these names and no others", () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "applyLinearClassifier",
      "applyStandardizer",
      "blockBootstrapIntervals",
      "bootstrapIntervals",
      "calibration",
      "channelStatisticsFeatures",
      "classificationMetrics",
      "compareForecasts",
      "describeMetric",
      "downsampledPixelFeatures",
      "fitRidgeForecast",
      "fitStandardizer",
      "globalRegion",
      "knn",
      "latitudeWeights",
      "linearProbe",
      "makeDampedPersistence",
      "makeEnsembleScores",
      "makeForecastScores",
      "makeMeanField",
      "makeZonalSpectra",
      "medianImprovements",
      "minimizeLbfgs",
      "predictClasses",
      "protocols",
      "quantile",
      "regionCells",
      "stratifiedSplit",
      "weatherBench2Regions",
      "zonalPower",
    ]
  `);
});
