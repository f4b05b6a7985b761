import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  areaWeights,
  cellAreas,
  latitudeField,
  longitudeField,
  makeGaussianGrid,
  makeLatLonGrid,
  makeRegularGrid,
} from "../../src/index.js";

const reference = JSON.parse(readFileSync(new URL("../fixtures/regrid-reference.json", import.meta.url), "utf8"));

describe("regular grids", () => {
  test("ERA5's begins at the north pole and at Greenwich", () => {
    const grid = makeRegularGrid([721, 1440], { rows: "at-poles" });
    expect([...grid.latitudes.slice(0, 3), grid.latitudes[720]]).toEqual([90, 89.75, 89.5, -90]);
    expect([...grid.longitudes.slice(0, 2), grid.longitudes[1439]]).toEqual([0, 0.25, 359.75]);
    expect([...grid.latitudeBounds.slice(0, 2), grid.latitudeBounds[721]]).toEqual([90, 89.875, -90]);
    expect(grid.periodic).toBe(true);
  });

  test("WeatherBench's has the poles as edges", () => {
    const grid = makeRegularGrid([32, 64], { rows: "cell-centers", firstRow: "south" });
    expect([grid.latitudes[0], grid.latitudes[31]]).toEqual([-87.1875, 87.1875]);
    expect([grid.latitudeBounds[0], grid.latitudeBounds[1], grid.latitudeBounds[32]]).toEqual([-90, -84.375, 90]);
    expect([grid.longitudeBounds[0], grid.longitudeBounds[64]]).toEqual([-2.8125, 357.1875]);
  });

  test("sizes below 2 are refused", () => {
    expect(() => makeRegularGrid([1, 64], { rows: "at-poles" })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: makeRegularGrid: expected [H, W] of at least 2 each, got [1, 64].]`,
    );
  });
});

describe("grids from coordinates", () => {
  test("longitudes from -180, and across Greenwich, rise", () => {
    const across = makeLatLonGrid([10, 0], [350, 355, 0, 5]);
    expect([...across.longitudes]).toEqual([350, 355, 360, 365]);
    expect(across.periodic).toBe(false);
    expect([...across.latitudeBounds]).toEqual([15, 5, -5]);
    expect(makeLatLonGrid([10, 0], [-180, -90, 0, 90]).periodic).toBe(true);
  });

  test("a global grid reaches the poles though its last rows do not", () => {
    expect([...makeLatLonGrid([-60, 0, 60], [0, 120, 240]).latitudeBounds]).toEqual([-90, -30, 30, 90]);
  });

  test.each([
    [
      [0, 1, 1],
      [0, 1],
    ],
    [[0], [0, 1]],
    [
      [0, 91],
      [0, 1],
    ],
    [
      [0, 1],
      [0, 90, 180, 270, 360],
    ],
    [
      [0, 1],
      [0, 1, 1],
    ],
    [
      [0, 1],
      [0, NaN],
    ],
  ])("refuses %j by %j", (latitudes, longitudes) => {
    expect(() => makeLatLonGrid(latitudes, longitudes)).toThrowErrorMatchingSnapshot();
  });
});

describe("Gaussian grids", () => {
  test.each(["2", "32", "160"])("%s latitudes are NumPy's Gauss-Legendre nodes, to 1e-12", (count) => {
    const grid = makeGaussianGrid(Number(count));
    reference.nodes[count].forEach((node: number, row: number) => {
      const latitude = (Math.asin(node) * 180) / Math.PI;
      expect(Math.abs((grid.latitudes[row] as number) - latitude)).toBeLessThan(1e-11);
      expect(grid.latitudes[Number(count) - 1 - row]).toBeCloseTo(-latitude, 11);
    });
    // A cell's share of the sphere is half of the quadrature weight, divided among the columns.
    const areas = cellAreas(grid);
    reference.weights[count].forEach((weight: number, row: number) => {
      expect((areas[row * 2 * Number(count)] as number) * 4 * Number(count)).toBeCloseTo(weight, 12);
    });
  });

  test("an odd count is refused", () => {
    expect(() => makeGaussianGrid(7)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: makeGaussianGrid: expected an even number of latitudes and at least 2 longitudes, got 7 and 14.]`,
    );
  });
});

describe("areas", () => {
  test("rows at 90, 0 and -90 divide the sphere at 45 degrees", () => {
    const grid = makeRegularGrid([3, 4], { rows: "at-poles" });
    const root = Math.SQRT2;
    const expected = [1 - root / 2, root, 1 - root / 2].map((height) => (3 * height) / 2);
    areaWeights(grid).forEach((weight, row) => {
      expect(weight).toBeCloseTo(expected[row] as number, 14);
    });
    expect(cellAreas(grid)[4]).toBeCloseTo(root / 2 / 4, 14);
  });

  test("on cell-centered grids they are cos(latitude) over its mean", () => {
    const grid = makeRegularGrid([32, 64], { rows: "cell-centers" });
    const cosines = Array.from(grid.latitudes, (latitude) => Math.cos((latitude * Math.PI) / 180));
    const mean = cosines.reduce((sum, value) => sum + value, 0) / 32;
    areaWeights(grid).forEach((weight, row) => {
      expect(weight).toBeCloseTo((cosines[row] as number) / mean, 12);
    });
  });

  test.each([
    makeRegularGrid([19, 36], { rows: "at-poles" }),
    makeRegularGrid([8, 16], { rows: "cell-centers" }),
    makeGaussianGrid(32),
  ])("all cells are the whole sphere", (grid) => {
    expect(cellAreas(grid).reduce((sum, area) => sum + area, 0)).toBeCloseTo(1, 12);
  });
});

test("static fields repeat the axes", () => {
  const grid = makeLatLonGrid([10, 5], [0, 5, 10]);
  expect([...latitudeField(grid)]).toEqual([10, 10, 10, 5, 5, 5]);
  expect([...longitudeField(grid)]).toEqual([0, 5, 10, 0, 5, 10]);
});
