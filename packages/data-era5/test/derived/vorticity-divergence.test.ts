import { describe, expect, test } from "vitest";
import {
  divergence,
  EARTH_RADIUS_METERS,
  type LatLonGrid,
  makeGaussianGrid,
  makeLatLonGrid,
  makeRegularGrid,
  relativeVorticity,
} from "../../src/index.js";
import { harmonic, harmonicGradient, largestDifference, onGrid, type Point } from "../grid/sphere.js";

const RADIANS = Math.PI / 180;
const SPEED = 20;

const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Eastward and northward part of a vector field, in m/s. */
function wind(grid: LatLonGrid, vector: (at: Point) => Point): readonly [Float64Array, Float64Array] {
  const east = onGrid(grid, (at, _, longitude) => {
    const lambda = longitude * RADIANS;
    return SPEED * dot(vector(at), [-Math.sin(lambda), Math.cos(lambda), 0]);
  });
  const north = onGrid(grid, (at, latitude, longitude) => {
    const [phi, lambda] = [latitude * RADIANS, longitude * RADIANS];
    const unit: Point = [-Math.sin(phi) * Math.cos(lambda), -Math.sin(phi) * Math.sin(lambda), Math.cos(phi)];
    return SPEED * dot(vector(at), unit);
  });
  return [east, north];
}

const SCALE = EARTH_RADIUS_METERS / SPEED;

describe.each([
  ["rows at the poles", (n: number) => makeRegularGrid([n + 1, 2 * n], { rows: "at-poles" })],
  [
    "cell centers from the south",
    (n: number) => makeRegularGrid([n, 2 * n], { rows: "cell-centers", firstRow: "south" }),
  ],
  ["Gaussian", (n: number) => makeGaussianGrid(n)],
  [
    "a region",
    (n: number) =>
      makeLatLonGrid(
        Array.from({ length: n }, (_, row) => 80 - (60 * row) / n),
        Array.from({ length: n }, (_, column) => 350 + (90 * column) / n),
      ),
  ],
] as const)("%s", (_, makeGrid) => {
  test("solid-body rotation about any axis is exact: vorticity twice the rotation, no divergence", () => {
    const grid = makeGrid(24);
    for (const axis of [
      [0, 0, 1],
      [1, 0, 0],
      [0.6, -0.48, 0.64],
    ] as const) {
      const [u, v] = wind(grid, (at) => cross(axis, at));
      const vorticity = relativeVorticity(grid, u, v).map((value) => value * SCALE);
      expect(
        largestDifference(
          vorticity,
          onGrid(grid, (at) => 2 * dot(axis, at)),
        ),
      ).toBeLessThan(1e-11);
      expect(Math.max(...divergence(grid, u, v).map((value) => Math.abs(value * SCALE)))).toBeLessThan(1e-11);
    }
  });

  test("a streamfunction of degree 3 has vorticity -12 times itself, to second order at every point", () => {
    const error = (n: number): number => {
      const grid = makeGrid(n);
      const [u, v] = wind(grid, (at) => cross(at, harmonicGradient(at)));
      const vorticity = relativeVorticity(grid, u, v).map((value) => value * SCALE);
      return largestDifference(
        vorticity,
        onGrid(grid, (at) => -12 * harmonic(at)),
      );
    };
    const order = Math.log2(error(32) / error(128)) / 2;
    expect(order).toBeGreaterThan(1.8);
    expect(error(128)).toBeLessThan(0.1);
  });

  test("a velocity potential of degree 3 has divergence -12 times itself, and no vorticity in the limit", () => {
    const errors = (n: number): readonly [number, number] => {
      const grid = makeGrid(n);
      const [u, v] = wind(grid, harmonicGradient);
      const found = divergence(grid, u, v).map((value) => value * SCALE);
      const curl = relativeVorticity(grid, u, v).map((value) => Math.abs(value * SCALE));
      return [
        largestDifference(
          found,
          onGrid(grid, (at) => -12 * harmonic(at)),
        ),
        Math.max(...curl),
      ];
    };
    const [coarse, fine] = [errors(32), errors(128)];
    expect(Math.log2(coarse[0] / fine[0]) / 2).toBeGreaterThan(1.8);
    expect(Math.log2(coarse[1] / fine[1]) / 2).toBeGreaterThan(1.8);
  });
});

test("several fields are each alone, and float32 stays float32", () => {
  const grid = makeRegularGrid([7, 12], { rows: "at-poles" });
  const [u, v] = wind(grid, (at) => cross(at, harmonicGradient(at))).map((field) => Float32Array.from(field)) as [
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
  ];
  const one = relativeVorticity(grid, u, v);
  const twice = new Float32Array(168);
  twice.set(u);
  twice.set(u, 84);
  const both = new Float32Array(168);
  both.set(v);
  both.set(v, 84);
  expect(relativeVorticity(grid, twice, both).slice(84)).toEqual(one);
});

test("says what does not fit", () => {
  const grid = makeRegularGrid([7, 12], { rows: "at-poles" });
  expect(() => relativeVorticity(grid, new Float32Array(84), new Float32Array(83))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: relativeVorticity: expected u and v of 7 x 12, got 84 and 83 values.]`,
  );
  const low = makeRegularGrid([3, 4], { rows: "at-poles" });
  expect(() => divergence(low, new Float32Array(12), new Float32Array(12))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: divergence: expected a grid of 3 columns and, besides the poles, 3 rows or more, got 3 x 4.]`,
  );
});
