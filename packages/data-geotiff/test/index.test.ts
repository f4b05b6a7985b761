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
      "openCogWriter",
      "openImageFiles",
      "openImageFolder",
      "openRaster",
      "openRasterFrom",
      "openRasterImages",
      "openSceneTiles",
      "parseCrs",
      "resampleToGrid",
      "sameCrs",
      "scaleTransform",
      "sceneTilesSpec",
      "selectBands",
      "toMap",
      "utmCrs",
      "wgs84",
    ]
  `);
});
