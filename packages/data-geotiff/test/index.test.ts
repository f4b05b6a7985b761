import { expect, test } from "vitest";
import * as dataGeotiff from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(dataGeotiff).sort()).toMatchInlineSnapshot(`
    [
      "BIG_EARTH_NET_19",
      "BIG_EARTH_NET_43",
      "SCENE_BENCHMARKS",
      "SPECTRAL_CLASSES",
      "bigEarthNetSpec",
      "imageFilesSpec",
      "imageFolderSpec",
      "landsat7Path",
      "landsat7Schema",
      "levelFor",
      "makeSpectralLabeler",
      "mndwi",
      "ndvi",
      "normalizedDifference",
      "openBigEarthNet",
      "openCogWriter",
      "openImageFiles",
      "openImageFolder",
      "openRaster",
      "openRasterFrom",
      "openSceneBenchmark",
      "openSceneTiles",
      "sceneBenchmarkSpec",
      "sceneTilesSpec",
      "selectBands",
    ]
  `);
});
