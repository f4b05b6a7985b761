import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyRegrid,
  cellAreas,
  type LatLonGrid,
  makeGaussianGrid,
  makeLatLonGrid,
  makeRegridWeights,
  makeRegularGrid,
  type RegridMethod,
  regridArray,
} from "../../src/index.js";
import { harmonic, largestDifference, onGrid } from "./sphere.js";

interface Case {
  readonly name: string;
  readonly source: readonly [number[], number[]];
  readonly target: readonly [number[], number[]];
  readonly expected: Readonly<Record<string, readonly (number | null)[]>>;
}
const reference = JSON.parse(readFileSync(new URL("../fixtures/regrid-reference.json", import.meta.url), "utf8"));

const smooth = (_: unknown, latitude: number, longitude: number): number =>
  2 + Math.cos((latitude * Math.PI) / 180) ** 2 * Math.cos((longitude * Math.PI) / 90);

describe("bilinear", () => {
  test.each(reference.bilinear as Case[])("$name, as ESMF defines it", ({ source, target, expected }) => {
    const from = makeLatLonGrid(...source);
    const weights = makeRegridWeights(from, makeLatLonGrid(...target), "bilinear");
    const rough = Float64Array.from({ length: from.latitudes.length * from.longitudes.length }, (_, index) =>
      Math.sin(1.7 * index),
    );
    for (const [name, field] of Object.entries({ smooth: onGrid(from, smooth), rough })) {
      const values = applyRegrid(weights, field);
      const wanted = (expected[name] as (number | null)[]).map((value) => value ?? NaN);
      expect([...values].map(Number.isNaN)).toEqual(wanted.map(Number.isNaN));
      // Newton's method in the reference stops at 1e-14 of the parameters.
      values.forEach((value, index) => {
        if (!Number.isNaN(value)) expect(Math.abs(value - (wanted[index] as number))).toBeLessThan(1e-12);
      });
    }
  });

  test("the source may begin in the south, and the target anywhere on the circle", () => {
    const north = makeRegularGrid([13, 24], { rows: "at-poles" });
    const south = makeRegularGrid([13, 24], { rows: "at-poles", firstRow: "south" });
    const positive = makeLatLonGrid([50, 20, -70], [0, 121, 243]);
    const negative = makeLatLonGrid([50, 20, -70], [-360, -239, -117]);
    const values = (from: LatLonGrid, to: LatLonGrid) =>
      applyRegrid(makeRegridWeights(from, to, "bilinear"), onGrid(from, harmonic));
    expect(largestDifference(values(north, positive), values(south, positive))).toBeLessThan(1e-14);
    expect(largestDifference(values(north, positive), values(north, negative))).toBeLessThan(1e-13);
  });

  test("beyond the last row of a cell-centered source the pole has the row's mean", () => {
    const source = makeRegularGrid([4, 4], { rows: "cell-centers" });
    const field = Float64Array.from({ length: 16 }, (_, index) => (index < 4 ? index : 0)); // 0 1 2 3 in the north
    const values = applyRegrid(makeRegridWeights(source, makeLatLonGrid([90, 67.5], [0, 90]), "bilinear"), field);
    [1.5, 1.5, 0, 1].forEach((expected, index) => {
      expect(values[index]).toBeCloseTo(expected, 14);
    });
  });
});

describe("nearest", () => {
  test("takes the closest point on the sphere, found by trying all", () => {
    const source = makeRegularGrid([7, 12], { rows: "at-poles" });
    const target = makeLatLonGrid([88, 76, 74, 44, 1, -16, -80], [3, 14.9, 15.1, 200, 359]);
    const points = onGrid(source, (_, latitude, longitude) => latitude * 1000 + longitude);
    const values = applyRegrid(makeRegridWeights(source, target, "nearest"), points);
    const expected = onGrid(target, ([x, y, z]) => {
      let best = { cosine: -2, value: 0 };
      onGrid(source, ([a, b, c], latitude, longitude) => {
        const cosine = a * x + b * y + c * z;
        // All points of a pole's row are one; the package takes that of the closest column.
        if (cosine > best.cosine + 1e-12) best = { cosine, value: latitude * 1000 + longitude };
        return 0;
      });
      return best.value;
    });
    const atPole = (value: number): number => (Math.abs(value) > 89_000 ? Math.sign(value) : value);
    expect([...values].map(atPole)).toEqual([...expected].map(atPole));
  });

  test("wraps around the Earth", () => {
    const source = makeLatLonGrid([10, 0], [0, 90, 180, 270]);
    const weights = makeRegridWeights(source, makeLatLonGrid([9, 1], [-40, 100, 316]), "nearest");
    expect([...weights.columns]).toEqual([0, 1, 0, 4, 5, 4]);
  });
});

describe("conservative", () => {
  test("two columns and two rows join by their areas", () => {
    const source = makeRegularGrid([4, 4], { rows: "cell-centers" }); // bounds 90 45 0 -45 -90, columns 90 wide
    const target = makeLatLonGrid([45, -45], [45, 225]); // columns from -45 to 135 and on
    const weights = makeRegridWeights(source, target, "conservative");
    const polar = 1 - Math.SQRT1_2;
    expect([...weights.columns.slice(0, 4)]).toEqual([0, 1, 4, 5]);
    [polar / 2, polar / 2, Math.SQRT1_2 / 2, Math.SQRT1_2 / 2].forEach((expected, index) => {
      expect(weights.values[index]).toBeCloseTo(expected, 14);
    });
  });

  test("a target at the border of a region gets the mean of what is covered", () => {
    const region = makeLatLonGrid([15, 5], [5, 15]);
    const values = applyRegrid(
      makeRegridWeights(region, makeLatLonGrid([10, -10], [10, 30]), "conservative"),
      Float64Array.of(3, 3, 3, 3),
    );
    expect(values[0]).toBeCloseTo(3, 14);
    expect([...values.slice(1)]).toEqual([NaN, NaN, NaN]);
  });
});

const GRIDS: readonly (readonly [string, LatLonGrid])[] = [
  ["rows at the poles", makeRegularGrid([19, 36], { rows: "at-poles" })],
  ["cell centers", makeRegularGrid([12, 20], { rows: "cell-centers", firstRow: "south" })],
  ["Gaussian", makeGaussianGrid(16, 28)],
];
const PAIRS = GRIDS.flatMap(([a, from]) => GRIDS.map(([b, to]) => [`${a} to ${b}`, from, to] as const));
const METHODS: readonly RegridMethod[] = ["bilinear", "nearest", "conservative"];

describe("every method", () => {
  test.each(PAIRS)("%s: the integral stays under conservative regridding, to 1e-12", (_, from, to) => {
    const field = onGrid(from, (at, latitude) => 100 + 10 * harmonic(at) + latitude);
    const integral = (grid: LatLonGrid, values: Float64Array): number =>
      cellAreas(grid).reduce((sum, area, index) => sum + area * (values[index] as number), 0);
    const before = integral(from, field);
    const after = integral(to, applyRegrid(makeRegridWeights(from, to, "conservative"), field));
    expect(Math.abs(after / before - 1)).toBeLessThan(1e-12);
  });

  test.each(METHODS)("%s onto the same grid changes nothing", (method) => {
    for (const [, grid] of GRIDS) {
      const field = onGrid(grid, harmonic);
      expect(largestDifference(applyRegrid(makeRegridWeights(grid, grid, method), field), field)).toBeLessThan(1e-12);
    }
  });

  test("weights of a target sum to 1, so that values stay within the range of the source", () => {
    const axis = (count: number) => fc.integer({ min: 2, max: count });
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS),
        fc.tuple(axis(12), axis(14), axis(12), axis(14)),
        fc.constantFrom("at-poles" as const, "cell-centers" as const),
        fc.constantFrom("at-poles" as const, "cell-centers" as const),
        fc.double({ min: -200, max: 200, noNaN: true }),
        (method, [h, w, toH, toW], rows, toRows, turn) => {
          const from = makeRegularGrid([h, w + 1], { rows });
          const to = makeRegularGrid([toH, toW], { rows: toRows });
          const turned = makeLatLonGrid(
            to.latitudes,
            to.longitudes.map((longitude) => longitude + turn),
          );
          const { rowStarts, values } = makeRegridWeights(from, turned, method);
          for (let row = 0; row + 1 < rowStarts.length; row += 1) {
            const part = values.slice(rowStarts[row], rowStarts[row + 1]);
            expect(Math.abs(part.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-12);
            expect(Math.min(...part)).toBeGreaterThanOrEqual(-1e-12);
          }
        },
      ),
      { numRuns: 150, seed: 4 },
    );
  });

  test.each(["bilinear", "conservative"] as const)("%s converges at second order on a spherical harmonic", (method) => {
    const to = makeRegularGrid([9, 18], { rows: "cell-centers" });
    // The mean over a target cell, from a grid so fine that what it leaves is far below the errors compared here.
    const fine = makeRegularGrid([9 * 60, 18 * 60], { rows: "cell-centers" });
    const exact =
      method === "bilinear"
        ? onGrid(to, harmonic)
        : applyRegrid(makeRegridWeights(fine, to, "conservative"), onGrid(fine, harmonic));
    const error = (rows: number): number => {
      const from = makeRegularGrid([rows + 1, 2 * rows], { rows: "at-poles" });
      return largestDifference(applyRegrid(makeRegridWeights(from, to, method), onGrid(from, harmonic)), exact);
    };
    const order = Math.log2(error(24) / error(96)) / 2;
    expect(order).toBeGreaterThan(1.8);
    expect(order).toBeLessThan(2.3);
  });
});

describe("applyRegrid", () => {
  const from = makeRegularGrid([13, 24], { rows: "at-poles" });
  const to = makeRegularGrid([8, 16], { rows: "cell-centers" });
  const weights = makeRegridWeights(from, to, "conservative");

  test("many fields at once are each alone", () => {
    const fields = Float32Array.from({ length: 7 * 13 * 24 }, (_, index) => Math.sin(index * index));
    const all = applyRegrid(weights, fields);
    expect(all).toBeInstanceOf(Float32Array);
    for (let field = 0; field < 7; field += 1) {
      const one = applyRegrid(weights, fields.slice(field * 312, (field + 1) * 312));
      expect(all.slice(field * 128, (field + 1) * 128)).toEqual(one);
    }
    const out = new Float32Array(7 * 128);
    expect(applyRegrid(weights, fields, { out })).toBe(out);
    expect(out).toEqual(all);
  });

  test("missing values count by their weight, as xESMF's na_thres does", () => {
    const source = makeRegularGrid([2, 4], { rows: "cell-centers" }); // four equal cells fall on each target
    const half = makeRegridWeights(source, makeLatLonGrid([90 - 1e-9, -90 + 1e-9], [45, 225]), "conservative");
    const whole = {
      ...half,
      targetShape: [1, 1] as const,
      rowStarts: Int32Array.of(0, 4),
      columns: Int32Array.of(0, 1, 4, 5),
      values: new Float64Array(4).fill(0.25),
    };
    const field = Float32Array.of(NaN, 1, 0, 0, 2, 6, 0, 0);
    expect([...applyRegrid(whole, field)]).toEqual([NaN]);
    expect([...applyRegrid(whole, field, { maxMissing: 0.2 })]).toEqual([NaN]);
    expect([...applyRegrid(whole, field, { maxMissing: 0.25 })]).toEqual([3]);
    expect([...applyRegrid(whole, new Float32Array(8).fill(NaN), { maxMissing: 1 })]).toEqual([NaN]);
  });

  test("arrays keep their leading dimensions and their names", () => {
    const array = { dims: ["time", "latitude", "longitude"], shape: [2, 13, 24], data: new Float32Array(624).fill(5) };
    const result = regridArray(array, weights);
    expect([result.dims, result.shape]).toEqual([array.dims, [2, 8, 16]]);
    expect(result.data.every((value) => Math.abs(value - 5) < 1e-6)).toBe(true);
    const turned = { ...array, dims: ["longitude", "latitude", "time"], shape: [24, 13, 2] };
    expect(() => regridArray(turned, weights)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: regridArray: expected latitude and longitude of 13 x 24 as the last two dimensions, got [longitude: 24, latitude: 13, time: 2].]`,
    );
  });

  test("says what does not fit", () => {
    expect(() => applyRegrid(weights, new Float32Array(100))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: applyRegrid: expected fields of 13 x 24, got 100 values.]`,
    );
    expect(() =>
      applyRegrid(weights, new Float32Array(312), { out: new Float32Array(3) }),
    ).toThrowErrorMatchingInlineSnapshot(`[ShapeError: applyRegrid: expected out of 1 x 8 x 16, got 3 values.]`);
    expect(() => applyRegrid(weights, new Float32Array(312), { maxMissing: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: applyRegrid: expected maxMissing from 0 to 1, got 2.]`,
    );
    expect(() => makeRegridWeights(from, to, "cubic" as RegridMethod)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: makeRegridWeights: expected one of bilinear, nearest, conservative, got "cubic".]`,
    );
  });
});
