import { expect, test } from "vitest";
import { geopotentialHeight, windSpeed } from "../../src/index.js";

test("wind speed is the length of the wind", () => {
  expect([...windSpeed(Float32Array.of(3, -5, NaN), Float32Array.of(4, 12, 0))]).toEqual([5, 13, NaN]);
  expect(() => windSpeed(new Float32Array(2), new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: windSpeed: expected as many values of u as of v, got 2 and 3.]`,
  );
});

test("geopotential height divides by standard gravity", () => {
  expect(geopotentialHeight(Float64Array.of(9.80665, 98066.5))[1]).toBeCloseTo(10_000, 9);
});
