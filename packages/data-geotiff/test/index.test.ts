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
      "openBigEarthNet",
      "openCogWriter",
      "openImageFiles",
      "openImageFolder",
      "openRaster",
      "openRasterFrom",
      "openRasterImages",
      "openSceneBenchmark",
      "openSceneTiles",
      "parseCrs",
      "resampleToGrid",
      "sameCrs",
      "scaleTransform",
      "sceneBenchmarkSpec",
      "sceneTilesSpec",
      "selectBands",
      "toMap",
      "utmCrs",
      "wgs84",
    ]
  `);
});
