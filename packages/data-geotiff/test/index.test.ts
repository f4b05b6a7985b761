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
      "makeSpectralLabeler",
      "mndwi",
      "ndvi",
      "normalizedDifference",
      "openImageFiles",
      "openImageFolder",
      "openRaster",
      "openRasterPages",
      "openSceneTiles",
      "sceneTilesSpec",
      "selectBands",
    ]
  `);
});
