import { expect, it } from "vitest";
import * as api from "../src/index.js";

it("exports these names and no others", () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "animateRollout",
      "bandComposite",
      "encodeApng",
      "encodePng",
      "fitColorScale",
      "makeReport",
      "percentileStretch",
      "plotConfusionMatrix",
      "plotCurves",
      "plotForecastMaps",
      "plotIntervals",
      "plotMap",
      "plotRankHistogram",
      "plotReliability",
      "plotScatter",
      "plotScorecard",
      "plotSegmentation",
      "plotSpectra",
      "reconstructionPanel",
      "svgToPng",
    ]
  `);
});
