import { expect, it } from "vitest";
import * as api from "../src/index.js";

it("exports these names and no others", () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "addErrors",
      "applyLinearClassifier",
      "applyStandardizer",
      "blockBootstrapIntervals",
      "bootstrapIntervals",
      "calibration",
      "channelStatisticsFeatures",
      "classificationMetrics",
      "compareForecasts",
      "countConfusion",
      "describeMetric",
      "downsampledPixelFeatures",
      "fitRidgeForecast",
      "fitStandardizer",
      "globalRegion",
      "knn",
      "latitudeWeights",
      "linearProbe",
      "majorityBaseline",
      "makeDampedPersistence",
      "makeEnsembleScores",
      "makeForecastScores",
      "makeMeanField",
      "makeZonalSpectra",
      "medianImprovements",
      "minimizeLbfgs",
      "multiLabelMetrics",
      "noErrors",
      "predictClasses",
      "protocols",
      "quantile",
      "regionCells",
      "regressionMetrics",
      "segmentationMetrics",
      "weatherBench2Regions",
      "zonalPower",
    ]
  `);
});
