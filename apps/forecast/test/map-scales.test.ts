import { expect, test } from "vitest";
import { mapScales } from "../src/plotting/map-scales.js";

const frame = (value: (cell: number) => number, error: number) => {
  const truth = Float32Array.from({ length: 1001 }, (_, cell) => value(cell));
  return { truth, forecast: truth.map((each) => each + error) };
};

test("fields of both signs get a diverging scale, pressure a sequential one, and a peak doesn't stretch it", () => {
  const wind = mapScales([frame((cell) => (cell === 0 ? 5000 : (cell - 500) / 8), 2)]);
  expect(wind.scale.kind).toBe("diverging");
  expect(wind.scale.domain[1]).toBeLessThan(64);
  expect(wind.errorScale).toEqual({ kind: "diverging", domain: [-2, 2] });
  const pressure = mapScales([frame((cell) => 100_000 + cell, -1)]);
  expect(pressure.scale).toEqual({ kind: "sequential", domain: [100_005, 100_995] });
});
