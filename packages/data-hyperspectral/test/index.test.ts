import { expect, test } from "vitest";
import * as dataHyperspectral from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(dataHyperspectral).sort()).toMatchInlineSnapshot(`
    [
      "badColumnMask",
      "bandsInRanges",
      "classSpectra",
      "cubeCropsSpec",
      "emptyBands",
      "gaussianResponse",
      "maskColumns",
      "nearestBand",
      "openCube",
      "openCubeCrops",
      "removeContinuum",
      "resampleBands",
      "responseWeights",
      "rgbBands",
      "sentinel2Responses",
      "spectralAngle",
      "spectralIndex",
      "spectralIndices",
      "usableBands",
      "waterVaporRangesNm",
    ]
  `);
});
