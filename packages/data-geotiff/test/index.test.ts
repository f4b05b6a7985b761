import { expect, test } from "vitest";
import * as dataGeotiff from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(dataGeotiff).sort()).toMatchInlineSnapshot(`
    [
      "SPECTRAL_CLASSES",
      "boundsIn",
      "gridBounds",
      "gridOf",
      "imageFilesSpec",
      "imageFolderSpec",
      "invertTransform",
      "landsat7Path",
      "landsat7Schema",
      "levelFor",
      "makePointTransform",
      "makeSpectralLabeler",
      "mndwi",
      "ndvi",
      "normalizedDifference",
      "offsetTransform",
      "openImageFiles",
      "openImageFolder",
      "openRaster",
      "openRasterFrom",
      "openSceneTiles",
      "parseCrs",
      "resampleToGrid",
      "sameCrs",
      "scaleTransform",
      "sceneTilesSpec",
      "toMap",
      "utmCrs",
      "wgs84",
    ]
  `);
});
