import { expect, test } from "vitest";
import * as dataEra5 from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(dataEra5).sort()).toMatchInlineSnapshot(`
    [
      "CLIMAX_48_CHANNELS",
      "DCHAG_80_CHANNELS",
      "DCHAG_84_CHANNELS",
      "EARTH_RADIUS_METERS",
      "ERA5_VARIABLES",
      "FORECAST_TARGET_CHANNELS",
      "STANDARD_GRAVITY",
      "applyRegrid",
      "areaWeights",
      "cachedRegridWeights",
      "cellAreas",
      "channelName",
      "cosineOfSolarZenith",
      "divergence",
      "findEra5Variable",
      "geopotentialHeight",
      "latitudeField",
      "longitudeField",
      "makeGaussianGrid",
      "makeLatLonGrid",
      "makeRegridWeights",
      "makeRegularGrid",
      "matchVariable",
      "parseChannel",
      "regridArray",
      "relativeVorticity",
      "timeOfDay",
      "timeOfYear",
      "toaIncidentSolarRadiation",
      "unitConversion",
      "windSpeed",
    ]
  `);
});
