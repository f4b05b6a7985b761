import { describe, expect, it } from "vitest";
import { makeZonalSpectra, zonalPower } from "../../src/index.js";
import { field, reference } from "./reference.js";

describe("zonalPower", () => {
  it("finds a wave of amplitude 3 at wavenumber 2 as 9/2, on a mean of 5 as 25", () => {
    for (const length of [12, 15, 7, 64]) {
      const row = Float64Array.from({ length }, (_, at) => 5 + 3 * Math.cos((2 * Math.PI * 2 * at) / length + 0.4));
      zonalPower(row).forEach((power, k) => {
        expect(power).toBeCloseTo(k === 0 ? 25 : k === 2 ? 4.5 : 0, 10);
      });
    }
  });

  it("sums to the mean square for any length (Parseval)", () => {
    for (const length of [1, 2, 5, 8, 36, 97, 144]) {
      const row = Float64Array.from({ length }, (_, at) => Math.sin(at * at) + (at % 3));
      const square = row.reduce((sum, value) => sum + value * value, 0) / length;
      expect(zonalPower(row).reduce((sum, power) => sum + power, 0)).toBeCloseTo(square, 10);
    }
  });
});

describe("makeZonalSpectra", () => {
  it("equals NumPy's FFT, averaged over rows and samples", () => {
    const [times, channels, height, width] = reference.shape;
    const spectra = makeZonalSpectra(reference, [{ name: "a" }, { name: "b", unit: "K" }]);
    const size = channels * height * width;
    for (let time = 0; time < times; time++) spectra.add(24, field("forecast", time, size), field("truth", time, size));
    spectra.spectra().forEach(({ truth, samples }, channel) => {
      expect(samples).toBe(times);
      truth.forEach((power, k) => {
        const expected = reference.zonalPower[channel]?.[k] as number;
        expect(Math.abs(power / expected - 1)).toBeLessThan(1e-5); // float32 fields
      });
    });
  });

  it("says which grids have no zonal spectrum", () => {
    const grid = { latitudes: [50, 51], longitudes: [0, 1, 2] };
    expect(() => makeZonalSpectra(grid, [{ name: "a" }])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: makeZonalSpectra: expected columns that go around the Earth in equal steps, got 3 columns, 1 degrees apart. Score spectra on global grids.]`,
    );
    expect(() => makeZonalSpectra(reference, [{ name: "a" }], [31, 59])).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: makeZonalSpectra: expected rows between 31 and 59 degrees north, got none.]`,
    );
  });
});
