import { makeRandom } from "@graticule/core";
import { describe, expect, it } from "vitest";
import { solveSpd } from "../../src/forecast/solve-spd.js";
import { fitRidgeForecast, makeDampedPersistence, makeMeanField } from "../../src/index.js";

const grid = { latitudes: [-60, 0, 60], longitudes: [0, 90, 180, 270] };
const channels = [{ name: "a" }, { name: "b" }];
const size = 24;
const random = makeRandom(7, "fields");
const noise = (scale = 1) => Float32Array.from({ length: size }, () => scale * random.normal());

describe("makeDampedPersistence", () => {
  it("finds the factor of each channel and damps anomalies towards the climatology", () => {
    const fitting = makeDampedPersistence(grid, channels);
    const [before, after] = [new Float32Array(size).fill(10), new Float32Array(size).fill(20)];
    for (let time = 0; time < 50; time++) {
      const anomaly = noise();
      const target = anomaly.map((value, cell) => 20 + (cell < 12 ? 0.5 : -0.25) * value);
      fitting.add(24, {
        state: anomaly.map((value) => 10 + value),
        climatologyAtStart: before,
        target,
        climatologyAtValid: after,
      });
    }
    const damped = fitting.fit();
    expect(damped.coefficients.get(24)?.[0]).toBeCloseTo(0.5, 5);
    expect(damped.coefficients.get(24)?.[1]).toBeCloseTo(-0.25, 5);
    const state = new Float32Array(size).fill(14);
    const forecast = damped.predict(24, { state, climatologyAtStart: before, climatologyAtValid: after });
    expect(forecast[0]).toBeCloseTo(22, 4);
    expect(forecast[23]).toBeCloseTo(19, 4);
    expect(() =>
      damped.predict(48, { state, climatologyAtStart: before, climatologyAtValid: after }),
    ).toThrowErrorMatchingInlineSnapshot(`[RangeError: damped persistence: expected a lead time among 24 h, got 48.]`);
  });

  it("weighs rows by their cosine: 1/2 at 60 degrees", () => {
    const fitting = makeDampedPersistence(grid, [{ name: "a" }]);
    const zero = new Float32Array(12);
    const state = new Float32Array(12).fill(1);
    const target = Float32Array.from({ length: 12 }, (_, cell) => (cell >= 4 && cell < 8 ? 1 : 0)); // persists at the equator
    fitting.add(6, { state, climatologyAtStart: zero, target, climatologyAtValid: zero });
    expect(fitting.fit().coefficients.get(6)?.[0]).toBeCloseTo(0.5, 12); // 1 / (1/2 + 1 + 1/2)
  });
});

describe("fitRidgeForecast", () => {
  it("learns a linear map of the whole state that no single cell shows, and falls back to the mean on noise", () => {
    // Each target cell is the mean of its neighbors, plus 100.
    const step = (state: Float32Array) =>
      state.map(
        (_, cell) => 100 + 0.5 * (state[(cell + 1) % size] as number) + 0.5 * (state[(cell + 5) % size] as number),
      );
    const states = Array.from({ length: 120 }, () => noise());
    const linear = fitRidgeForecast({ grid, channels, states, targets: states.map(step) });
    expect(linear.ridge).toBeLessThan(0.1);
    const unseen = noise();
    step(unseen).forEach((value, cell) => {
      expect(Math.abs((linear.predict(unseen)[cell] as number) - value)).toBeLessThan(0.05);
    });
    const useless = fitRidgeForecast({ grid, channels, states, targets: states.map(() => noise(3)) });
    expect(useless.ridge).toBe(100);
    for (const value of useless.predict(noise())) expect(Math.abs(value)).toBeLessThan(1.2); // means of 120: 3/√120 = 0.27
  });

  it("says what is wrong", () => {
    const states = Array.from({ length: 12 }, () => noise());
    expect(() => fitRidgeForecast({ grid, channels, states, targets: [] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: fitRidgeForecast: expected ten or more states with one target each, got 12 states, 0 targets.]`,
    );
    const holes = states.map((field) => field.map((value, cell) => (cell === 3 ? Number.NaN : value)));
    expect(() =>
      fitRidgeForecast({ grid, channels, states: holes, targets: states }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: fitRidgeForecast: expected fields without missing values, got NaN. Fill them, or leave the channel out.]`,
    );
  });
});

it("solves symmetric positive definite systems", () => {
  // [[4, 2], [2, 3]] x = [[10, 8], [9, 8]] → [[1.5, 1], [2, 2]]
  expect(
    [...solveSpd(Float64Array.of(4, 2, 2, 3), Float64Array.of(10, 8, 9, 8), 2)].map((x) => +x.toFixed(12)),
  ).toEqual([1.5, 1, 2, 2]);
  expect(() => solveSpd(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1), 2)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: solveSpd: expected a positive definite matrix, got pivot -3 at 1. Raise the ridge.]`,
  );
});

it("averages fields over the values that are known", () => {
  const mean = makeMeanField(3);
  mean.add(Float32Array.of(1, 2, Number.NaN));
  mean.add(Float32Array.of(3, Number.NaN, Number.NaN));
  expect([...mean.mean()]).toEqual([2, 2, Number.NaN]);
});
