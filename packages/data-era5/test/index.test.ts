import { expect, test } from "vitest";
import * as dataEra5 from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(dataEra5).sort()).toMatchInlineSnapshot(`
    [
      "decodeTimes",
      "dimensionOf",
      "encodeTimes",
      "openDataset",
      "openSeries",
      "orient",
      "readBounds",
      "readCoordinate",
      "readTimeAxis",
      "sel",
      "writeNetcdf",
    ]
  `);
});
