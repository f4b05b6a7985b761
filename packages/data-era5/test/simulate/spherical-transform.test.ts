import { makeRandom } from "@graticule/core";
import { describe, expect, test } from "vitest";
import { areaWeights, EARTH_RADIUS_METERS, makeSphericalTransform, relativeVorticity } from "../../src/index.js";
import { makeFourierTransform } from "../../src/simulate/fourier-transform.js";
import { largestDifference, onGrid } from "../grid/sphere.js";

function randomCoefficients({ size, orders }: ReturnType<typeof makeSphericalTransform>): Float64Array {
  const random = makeRandom(1, "test");
  return Float64Array.from({ length: size }, (_, at) => (orders[at] === 0 && at % 2 === 1 ? 0 : random.normal()));
}

describe.each([1, 5, 21, 42, 85, 106, 170])("T%i", (truncation) => {
  const transform = makeSphericalTransform(truncation);
  const coefficients = randomCoefficients(transform);

  test("from spectrum to grid and back is the same to 1e-12", () => {
    const back = transform.toSpectrum(transform.toGrid(coefficients));
    expect(largestDifference(back, coefficients)).toBeLessThan(1e-12);
  });

  test("the divergence of the gradient multiplies degree n by -n (n + 1)", () => {
    const laplacian = transform.divergence(transform.eastward(coefficients), transform.northward(coefficients));
    const expected = coefficients.map((value, at) => {
      const n = transform.degrees[at] as number;
      return -n * (n + 1) * value;
    });
    expect(largestDifference(laplacian, expected) / (truncation * (truncation + 1))).toBeLessThan(1e-12);
  });

  test("the sum of squares of the spectrum is the mean square over the sphere", () => {
    const field = transform.toGrid(coefficients);
    const weights = areaWeights(transform.grid);
    const columns = transform.grid.longitudes.length;
    const [sum, total] = field.reduce(
      ([sum, total], value, at) => {
        const weight = weights[Math.floor(at / columns)] as number;
        return [sum + weight * value * value, total + weight];
      },
      [0, 0],
    );
    const spectral = coefficients.reduce(
      (power, value, at) => power + (transform.orders[at] === 0 ? 1 : 2) * value * value,
      0,
    );
    expect(sum / total / spectral - 1).toBeCloseTo(0, 11);
  });
});

test("functions of degree 0 to 2 are those of the textbook, and their grid is that of T21", () => {
  const transform = makeSphericalTransform(21);
  expect([transform.grid.latitudes.length, transform.grid.longitudes.length]).toEqual([32, 64]);
  const field = onGrid(transform.grid, ([x, y, z]) => 1 + 2 * z + 3 * (3 * z * z - 1) + 4 * x * z + 5 * y * z);
  const spectrum = transform.toSpectrum(field);
  const at = (m: number, n: number): readonly number[] => {
    const first = transform.degrees.findIndex((degree, index) => degree === n && transform.orders[index] === m);
    return [...spectrum.subarray(first, first + 2)];
  };
  // P_1^0 = √3 μ, P_2^0 = √5 (3μ² - 1) / 2, P_2^1 = √(15/2) μ cos φ; half of a cosine is at order m, half at -m.
  expect(at(0, 0)[0]).toBeCloseTo(1, 13);
  expect(at(0, 1)[0]).toBeCloseTo(2 / Math.sqrt(3), 13);
  expect(at(0, 2)[0]).toBeCloseTo(6 / Math.sqrt(5), 13);
  expect(at(1, 2)[0]).toBeCloseTo(2 / Math.sqrt(7.5), 13);
  expect(at(1, 2)[1]).toBeCloseTo(-2.5 / Math.sqrt(7.5), 13);
  expect(spectrum.filter((value) => Math.abs(value) > 1e-13).length).toBe(5);
});

test("a product of two fields has no aliasing: its coefficients are those of a finer grid", () => {
  const [coarse, fine] = [makeSphericalTransform(10), makeSphericalTransform(30)];
  const coefficients = randomCoefficients(coarse);
  const same = Float64Array.from({ length: fine.size }, (_, at) => {
    const from = coarse.degrees.findIndex(
      (n, index) => n === fine.degrees[at] && coarse.orders[index] === fine.orders[at] && index % 2 === at % 2,
    );
    return from < 0 ? 0 : (coefficients[from] as number);
  });
  const square = coarse.toSpectrum(coarse.toGrid(coefficients).map((value) => value * value));
  const finer = fine.toSpectrum(fine.toGrid(same).map((value) => value * value));
  for (let at = 0; at < coarse.size; at += 1) {
    const of = fine.degrees.findIndex(
      (n, index) => n === coarse.degrees[at] && fine.orders[index] === coarse.orders[at] && index % 2 === at % 2,
    );
    expect(square[at]).toBeCloseTo(finer[of] as number, 10);
  }
});

test.each([1, 2, 3, 4, 5, 6, 12, 16, 20, 30, 64])("a Fourier transform of %i is its definition", (length) => {
  const random = makeRandom(2, "fourier");
  const [re, im] = [1, 2].map(() => Float64Array.from({ length }, () => random.normal())) as [
    Float64Array,
    Float64Array,
  ];
  const expected = Array.from({ length }, (_, j) => {
    let [x, y] = [0, 0];
    for (let k = 0; k < length; k += 1) {
      const angle = (-2 * Math.PI * j * k) / length;
      x += (re[k] as number) * Math.cos(angle) - (im[k] as number) * Math.sin(angle);
      y += (re[k] as number) * Math.sin(angle) + (im[k] as number) * Math.cos(angle);
    }
    return [x, y] as const;
  });
  makeFourierTransform(length).transform(re, im);
  expected.forEach(([x, y], j) => {
    expect(re[j]).toBeCloseTo(x, 12);
    expect(im[j]).toBeCloseTo(y, 12);
  });
});

test("vorticity of a wind agrees with differences on the grid, to their second order", () => {
  const transform = makeSphericalTransform(42);
  const streamfunction = Float64Array.from({ length: transform.size }, (_, at) =>
    transform.degrees[at] === 3 ? 1 : 0,
  );
  streamfunction[7] = 0; // The mean around the Earth has no imaginary part.
  const wind = (field: Float64Array, sign: number): Float64Array =>
    field.map((value, at) => {
      const latitude = transform.grid.latitudes[Math.floor(at / transform.grid.longitudes.length)] as number;
      return (sign * EARTH_RADIUS_METERS * value) / Math.cos((latitude * Math.PI) / 180);
    });
  const u = wind(transform.northward(streamfunction), -1);
  const v = wind(transform.eastward(streamfunction), 1);
  const spectral = transform.toGrid(streamfunction.map((value) => -12 * value));
  const largest = Math.max(...spectral.map(Math.abs));
  expect(largestDifference(relativeVorticity(transform.grid, u, v), spectral) / largest).toBeLessThan(0.02);
});

test("says what does not fit", () => {
  expect(() => makeSphericalTransform(171)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: makeSphericalTransform: expected a truncation from 1 to 170, got 171.]`,
  );
  expect(() => makeFourierTransform(14)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: makeFourierTransform: expected a product of 2, 3 and 5, got 14.]`,
  );
  const transform = makeSphericalTransform(5);
  expect(() => transform.toGrid(new Float64Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: toGrid: expected 42 values, got 3.]`,
  );
});
