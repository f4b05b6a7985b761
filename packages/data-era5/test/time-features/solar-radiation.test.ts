import { describe, expect, test } from "vitest";
import {
  areaWeights,
  cosineOfSolarZenith,
  makeLatLonGrid,
  makeRegularGrid,
  toaIncidentSolarRadiation,
} from "../../src/index.js";
import { sunPosition } from "../../src/time-features/sun.js";

const at = (text: string): Date => new Date(`${text}Z`);

describe("the Sun", () => {
  test("stands at 23.44 degrees at the solstices and crosses the equator at the equinox of 2020", () => {
    const degrees = (text: string): number => (sunPosition(at(text)).declination * 180) / Math.PI;
    // Moments of equinox and solstices: US Naval Observatory. The formulas are good to a minute of arc.
    expect(Math.abs(degrees("2020-03-20T03:50"))).toBeLessThan(1 / 60);
    expect(degrees("2020-06-20T21:44")).toBeCloseTo(23.44, 2);
    expect(degrees("2020-12-21T10:02")).toBeCloseTo(-23.44, 2);
  });

  test("is closest in early January and farthest in early July", () => {
    expect(sunPosition(at("2020-01-05T08:00")).distanceAu).toBeCloseTo(0.98324, 3);
    expect(sunPosition(at("2020-07-04T12:00")).distanceAu).toBeCloseTo(1.01669, 3);
  });

  test("crosses the meridian a quarter of an hour early in November and late in February", () => {
    // Extremes of the equation of time: +16 min 25 s about 3 November, -14 min 14 s about 11 February.
    const minutes = (text: string): number => {
      const turn = sunPosition(at(text)).hourAngleAtGreenwich / (2 * Math.PI);
      return (turn - Math.round(turn)) * 1440;
    };
    expect(minutes("2021-11-03T12:00")).toBeCloseTo(16.42, 1);
    expect(minutes("2021-02-11T12:00")).toBeCloseTo(-14.23, 1);
  });
});

describe("cosine of the zenith angle", () => {
  const grid = makeLatLonGrid([90, 60, 0, -60], [0, 90, 180, 270]);

  test("at an equinox it is 1 under the Sun, and the cosine of latitude along noon", () => {
    const field = cosineOfSolarZenith(grid, at("2020-03-20T12:07")); // noon by the equation of time
    expect(field[8]).toBeCloseTo(1, 4);
    expect(field[4]).toBeCloseTo(0.5, 2);
    expect(field[10]).toBeCloseTo(-1, 4);
    expect(field[9]).toBeCloseTo(0, 2);
    expect(Math.abs(field[0] as number)).toBeLessThan(0.01);
  });
});

describe("radiation onto the top of the atmosphere", () => {
  test("polar night and midnight sun", () => {
    const grid = makeRegularGrid([19, 36], { rows: "at-poles" });
    const june = toaIncidentSolarRadiation(grid, at("2021-06-21T12:00"), { hours: 24 });
    expect(june.slice(17 * 36).every((value) => value === 0)).toBe(true);
    // All day at the height of the declination: S / r² sin(23.44°) · 86400 s.
    const expected = (1361 / 1.0162 ** 2) * Math.sin((23.44 * Math.PI) / 180) * 86_400;
    expect((june[0] as number) / expected).toBeCloseTo(1, 3);
  });

  test("24 hours are the sum of their hours", () => {
    const grid = makeRegularGrid([9, 16], { rows: "cell-centers" });
    const day = toaIncidentSolarRadiation(grid, at("2021-10-05T00:00"), { hours: 24 });
    const sum = new Float64Array(day.length);
    for (let hour = 1; hour <= 24; hour += 1)
      toaIncidentSolarRadiation(grid, new Date(Date.UTC(2021, 9, 4, hour))).forEach((value, index) => {
        sum[index] = (sum[index] as number) + value;
      });
    // The declination moves by 0.4 degrees in this day, which the sum over hours follows; a day at the equator is 3.7e7.
    day.forEach((value, index) => {
      expect(Math.abs(value - (sum[index] as number))).toBeLessThan(1e5);
    });
  });

  test("an hour equals the sum over seconds of the cosine of the zenith angle", () => {
    const grid = makeLatLonGrid([51.5, 0, -70], [0, 75, 100, 200]);
    const end = Date.UTC(2021, 4, 7, 6);
    const hour = toaIncidentSolarRadiation(grid, new Date(end));
    const steps = 360;
    const sum = new Float64Array(12);
    for (let step = 0; step < steps; step += 1)
      cosineOfSolarZenith(grid, new Date(end - ((step + 0.5) * 3_600_000) / steps)).forEach((cosine, index) => {
        sum[index] = (sum[index] as number) + Math.max(0, cosine);
      });
    const flux = (1361 / sunPosition(new Date(end)).distanceAu ** 2) * (3600 / steps);
    sum.forEach((value, index) => {
      expect(Math.abs((hour[index] as number) - value * flux)).toBeLessThan(200); // of up to 4.9e6 J/m²
    });
  });

  test("over a year and the Earth it is a quarter of the solar constant", () => {
    const grid = makeRegularGrid([45, 8], { rows: "cell-centers" });
    const weights = areaWeights(grid);
    let sum = 0;
    for (let day = 1; day <= 365; day += 1)
      toaIncidentSolarRadiation(grid, new Date(Date.UTC(2021, 0, 1 + day)), { hours: 24 }).forEach((value, index) => {
        sum += (value * (weights[Math.floor(index / 8)] as number)) / 360;
      });
    // The mean of 1/r² over a year is 1 / sqrt(1 - e²), e = 0.0167.
    const expected = 1361 / 4 / Math.sqrt(1 - 0.0167 ** 2);
    expect(Math.abs(sum / (365 * 86_400) / expected - 1)).toBeLessThan(1e-3);
  });

  test("refuses more than a day", () => {
    const grid = makeLatLonGrid([0, 1], [0, 1]);
    expect(() => toaIncidentSolarRadiation(grid, new Date(0), { hours: 25 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: toaIncidentSolarRadiation: expected hours above 0 and up to 24, got 25.]`,
    );
  });
});
