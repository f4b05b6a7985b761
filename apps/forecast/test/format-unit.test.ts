import { expect, test } from "vitest";
import { formatUnit } from "../src/format-unit.js";

test.each([
  ["s**-1", "s⁻¹"],
  ["m2 s-2", "m² s⁻²"],
  ["J m**-2", "J m⁻²"],
  ["kg kg^-1", "kg kg⁻¹"],
  ["Pa", "Pa"],
  ["1", "1"],
  ["(0 - 1)", "(0 - 1)"],
])("the unit %s is written %s", (unit, written) => {
  expect(formatUnit(unit)).toBe(written);
});
