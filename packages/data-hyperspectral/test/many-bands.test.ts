import { FormatError } from "@graticule/core";
import { expect, test } from "vitest";
import { uniqueBandNames } from "../src/make-cube.js";

test("more bands than could be are refused before they get names", () => {
  expect(() => uniqueBandNames("cube.mat", undefined, 2 ** 40)).toThrow(FormatError);
  expect(() => uniqueBandNames("cube.mat", undefined, NaN)).toThrow(
    "cube.mat: expected at most 1048576 bands, got NaN.",
  );
  expect(uniqueBandNames("cube.mat", ["red", "red"], 2)).toEqual(["band 1", "band 2"]);
});
