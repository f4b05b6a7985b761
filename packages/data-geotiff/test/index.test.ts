import { expect, test } from "vitest";
import * as dataGeotiff from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(dataGeotiff).sort()).toMatchInlineSnapshot(`
    [
      "SPECTRAL_CLASSES",
      "imageFilesSpec",
      "imageFolderSpec",
      "landsat7Path",
      "landsat7Schema",
      "levelFor",
      "makeSpectralLabeler",
      "mndwi",
      "ndvi",
      "normalizedDifference",
      "openCogWriter",
      "openImageFiles",
      "openImageFolder",
      "openRaster",
      "openRasterFrom",
      "openRasterImages",
      "openSceneTiles",
      "sceneTilesSpec",
      "selectBands",
    ]
  `);
});
