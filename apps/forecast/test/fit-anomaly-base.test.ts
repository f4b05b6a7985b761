import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyForecasterConfig } from "@graticule/models";
import { expect, test } from "vitest";
import { fitAnomalyBase } from "../src/training/fit-anomaly-base.js";

const DAYS = 11;

/** Ten starts a day apart of one channel on 1 x 2 points, whose value rises by one a day, and one lead time of a day. */
const samples = {
  startHours: Float64Array.from({ length: DAYS - 1 }, (_, day) => 24 * day),
  grid: { latitudes: Float64Array.of(0) },
  readState: async (hours: number, into: Float32Array) => void into.fill(hours / 24),
} as unknown as ForecastSamples;
const config = {
  ...{ stateHours: [0], stateChannels: 1, targets: [0], hoursOfDay: [0], leadTimesHours: [24], imageSize: [1, 2] },
} as unknown as AnomalyForecasterConfig;

test("anomalies are from a climatology that doesn't know them: a drift persists", async () => {
  const { climatology, persistence, scale } = await fitAnomalyBase([samples], "damped-persistence", config);
  expect([...climatology]).toEqual([5, 5]); // days 0 to 10
  // Stretches of days 0–2, 3–4, 5–6, 7–8, 9–10; the mean of the others is (55 − their sum) ÷ their number.
  const stretches = [[0, 1, 2], [3, 4], [5, 6], [7, 8], [9]];
  const known = [
    [0, 1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
  ];
  let [products, squares, ends] = [0, 0, 0];
  for (const [at, days] of stretches.entries()) {
    const others = known.filter((_, other) => other !== at).flat();
    const mean = others.reduce((sum, day) => sum + day, 0) / others.length;
    for (const day of days) {
      products += (day - mean) * (day + 1 - mean);
      squares += (day - mean) ** 2;
      ends += (day + 1 - mean) ** 2;
    }
  }
  const share = products / squares;
  expect(persistence[0]).toBeCloseTo(share, 5);
  expect(share).toBeGreaterThan(0.9);
  expect(scale[0]).toBeCloseTo(Math.sqrt((ends - 2 * share * products + share ** 2 * squares) / 10), 4);
});

test("persistence has no climatology and a share of one; nothing at all has neither", async () => {
  const persistence = await fitAnomalyBase([samples], "persistence", config);
  expect([...persistence.climatology, ...persistence.persistence, ...persistence.scale]).toEqual([0, 0, 1, 1]);
  const none = await fitAnomalyBase([samples], "none", config);
  expect([...none.climatology, ...none.persistence, ...none.scale]).toEqual([0, 0, 0, 1]);
});

test("a few jumps don't say how much remains on quiet days", async () => {
  // Days of ±1 that stay so for two weeks each, but for 2 days that jump to ±50 and back.
  const jumps = new Map([
    [11, 50],
    [45, -50],
  ]);
  const fieldOn = (day: number): number => jumps.get(day) ?? (Math.floor(day / 14) % 2 === 0 ? 1 : -1);
  const jumpy = {
    startHours: Float64Array.from({ length: 56 }, (_, day) => 24 * day),
    grid: { latitudes: Float64Array.of(0) },
    readState: async (hours: number, into: Float32Array) => void into.fill(fieldOn(hours / 24)),
  } as unknown as ForecastSamples;
  const { persistence, scale } = await fitAnomalyBase([jumpy], "damped-persistence", config);
  expect(persistence[0]).toBeGreaterThan(0.8); // by plain least squares it would be about 0
  expect(scale[0]).toBeGreaterThan(10); // the size of what is missing is that of all days
});
