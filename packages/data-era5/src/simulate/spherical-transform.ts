import { expectation, ShapeError } from "@graticule/core";
import { gaussLegendre, makeGaussianGrid } from "../grid/gaussian-grid.js";
import type { LatLonGrid } from "../grid/lat-lon-grid.js";
import { isSmooth, makeFourierTransform } from "./fourier-transform.js";
import { legendreFunctions } from "./legendre-functions.js";

/**
 * Spherical harmonics of a triangular truncation T, and the Gaussian grid on which a product of two fields has no
 * aliasing: 3T + 1 columns or more, half as many rows.
 *
 * A field is `Σ f_n^m P_n^m(sin φ) exp(imλ)` over |m| ≤ n ≤ T; its mean square is `Σ |f_n^m|²`. For real fields m ≥ 0
 * suffices.
 *
 * Layout: coefficients are real and imaginary part in turn, for each m from 0 to T, n from m to T. Fields are [H, W] as
 * the grid, row 0 in the north.
 */
export interface SphericalTransform {
  readonly truncation: number;
  readonly grid: LatLonGrid;
  /** Length of an array of coefficients: (T + 1)(T + 2). */
  readonly size: number;
  /** Degree n, and order m, of each number of such an array. */
  readonly degrees: Int32Array;
  readonly orders: Int32Array;
  /** Sum of the harmonics at the points of the grid. */
  toGrid(coefficients: Float64Array, field?: Float64Array): Float64Array;
  /** `∂f/∂λ`. */
  eastward(coefficients: Float64Array, field?: Float64Array): Float64Array;
  /** `cos φ ∂f/∂φ`. */
  northward(coefficients: Float64Array, field?: Float64Array): Float64Array;
  /** The coefficients of a field, exact where the field is of degree T. */
  toSpectrum(field: Float64Array, coefficients?: Float64Array): Float64Array;
  /** The coefficients of the divergence on the unit sphere of the vector `(east, north) / cos φ`. */
  divergence(east: Float64Array, north: Float64Array, coefficients?: Float64Array): Float64Array;
}

/** Beyond it the functions of the highest orders are below the smallest double near the poles. */
const MOST_TRUNCATION = 170;

/**
 * Makes the transform between spectrum and grid.
 *
 * Source: Orszag 1970 (transform method); Hack and Jakob 1992,
 * NCAR/TN-343+STR (integration by parts, symmetry between hemispheres).
 *
 * @throws {RangeError} if the truncation is no integer from 1 to 170.
 */
export function makeSphericalTransform(truncation: number): SphericalTransform {
  if (!(Number.isInteger(truncation) && truncation >= 1 && truncation <= MOST_TRUNCATION))
    throw new RangeError(
      expectation("makeSphericalTransform", `a truncation from 1 to ${MOST_TRUNCATION}`, `${truncation}`),
    );
  let columns = 4 * Math.ceil((3 * truncation + 1) / 4);
  while (!isSmooth(columns)) columns += 4;
  const rows = columns / 2;
  const north = rows / 2;
  const size = (truncation + 1) * (truncation + 2);
  const grid = makeGaussianGrid(rows, columns);
  const { nodes, weights } = gaussLegendre(rows);
  const { values, slopes } = legendreFunctions(truncation, nodes.subarray(0, north));
  const fourier = makeFourierTransform(columns);
  // A row of the north and its mirror in the south are transformed together: sum and difference.
  const [re, im] = [new Float64Array(columns), new Float64Array(columns)];
  // Fourier coefficients of all such pairs: sum re, sum im, difference re, difference im; [T + 1, H / 2, 4].
  const [pairs, otherPairs] = [1, 2].map(() => new Float64Array(4 * (truncation + 1) * north)) as [
    Float64Array,
    Float64Array,
  ];
  const [degrees, orders] = [new Int32Array(size), new Int32Array(size)];
  for (let m = 0, at = 0; m <= truncation; m += 1)
    for (let n = m; n <= truncation; n += 1, at += 2) {
      degrees.fill(n, at, at + 2);
      orders.fill(m, at, at + 2);
    }

  /** Sums over n: even n - m into the part that both hemispheres share, odd ones into the difference. */
  function sumDegrees(coefficients: Float64Array, functions: Float64Array): void {
    for (let m = 0, first = 0, at = 0; m <= truncation; m += 1) {
      const count = truncation - m + 1;
      for (let row = 0; row < north; row += 1) {
        let [evenRe, evenIm, oddRe, oddIm] = [0, 0, 0, 0];
        for (let k = 0, of = first; k < count; k += 2, of += 4) {
          const value = functions[at + k] as number;
          evenRe += value * (coefficients[of] as number);
          evenIm += value * (coefficients[of + 1] as number);
        }
        for (let k = 1, of = first + 2; k < count; k += 2, of += 4) {
          const value = functions[at + k] as number;
          oddRe += value * (coefficients[of] as number);
          oddIm += value * (coefficients[of + 1] as number);
        }
        at += count;
        const to = 4 * (m * north + row);
        pairs[to] = evenRe;
        pairs[to + 1] = evenIm;
        pairs[to + 2] = oddRe;
        pairs[to + 3] = oddIm;
      }
      first += 2 * count;
    }
  }

  /** `sign` is -1 where the functions are odd for even n - m. */
  function sumOrders(field: Float64Array, sign: 1 | -1): void {
    for (let row = 0; row < north; row += 1) {
      re.fill(0);
      im.fill(0);
      for (let m = 0; m <= truncation; m += 1) {
        const at = 4 * (m * north + row);
        const evenRe = pairs[at] as number;
        const evenIm = pairs[at + 1] as number;
        const oddRe = pairs[at + 2] as number;
        const oddIm = pairs[at + 3] as number;
        re[m] = evenRe - oddIm;
        im[m] = evenIm + oddRe;
        if (m === 0) continue;
        re[columns - m] = evenRe + oddIm;
        im[columns - m] = oddRe - evenIm;
      }
      // Real and imaginary part swapped: the inverse.
      fourier.transform(im, re);
      const [above, below] = [row * columns, (rows - 1 - row) * columns];
      for (let column = 0; column < columns; column += 1) {
        const even = re[column] as number;
        const odd = im[column] as number;
        field[above + column] = even + odd;
        field[below + column] = sign * (even - odd);
      }
    }
  }

  /** Fourier coefficients of each pair of rows, times quadrature weight / 2 and `scale` of the row. */
  function toFourier(field: Float64Array, into: Float64Array, scale: (row: number) => number): void {
    for (let row = 0; row < north; row += 1) {
      const [above, below] = [row * columns, (rows - 1 - row) * columns];
      const factor = ((weights[row] as number) * scale(row)) / (2 * columns);
      for (let column = 0; column < columns; column += 1) {
        const a = field[above + column] as number;
        const b = field[below + column] as number;
        re[column] = factor * (a + b);
        im[column] = factor * (a - b);
      }
      fourier.transform(re, im);
      for (let m = 0; m <= truncation; m += 1) {
        const mirror = m === 0 ? 0 : columns - m;
        const at = 4 * (m * north + row);
        into[at] = ((re[m] as number) + (re[mirror] as number)) / 2;
        into[at + 1] = ((im[m] as number) - (im[mirror] as number)) / 2;
        into[at + 2] = ((im[m] as number) + (im[mirror] as number)) / 2;
        into[at + 3] = ((re[mirror] as number) - (re[m] as number)) / 2;
      }
    }
  }

  /** Adds `Σ_rows (re, im) * function` over the sum of hemispheres for one parity of n - m and the difference for the other. */
  function addRows(from: Float64Array, functions: Float64Array, evenPart: 0 | 2, coefficients: Float64Array): void {
    for (let m = 0, first = 0, at = 0; m <= truncation; m += 1) {
      const count = truncation - m + 1;
      for (let row = 0; row < north; row += 1, at += count)
        for (let parity = 0; parity < 2; parity += 1) {
          const source = 4 * (m * north + row) + (parity === 0 ? evenPart : 2 - evenPart);
          const real = from[source] as number;
          const imaginary = from[source + 1] as number;
          for (let k = parity, to = first + 2 * parity; k < count; k += 2, to += 4) {
            const value = functions[at + k] as number;
            (coefficients[to] as number) += value * real;
            (coefficients[to + 1] as number) += value * imaginary;
          }
        }
      first += 2 * count;
    }
  }

  const turned = new Float64Array(size);
  const perCosine = (row: number): number => 1 / (1 - (nodes[row] as number) ** 2);
  const newField = (): Float64Array => new Float64Array(rows * columns);
  const assert = (where: string, values: Float64Array, length: number): void => {
    if (values.length !== length) throw new ShapeError(where, `${length} values`, `${values.length}`);
  };
  return {
    ...{ truncation, grid, size, degrees, orders },
    toGrid(coefficients, field = newField()) {
      assert("toGrid", coefficients, size);
      sumDegrees(coefficients, values);
      sumOrders(field, 1);
      return field;
    },
    eastward(coefficients, field = newField()) {
      assert("eastward", coefficients, size);
      for (let at = 0; at < size; at += 2) {
        const m = orders[at] as number;
        turned[at] = -m * (coefficients[at + 1] as number);
        turned[at + 1] = m * (coefficients[at] as number);
      }
      sumDegrees(turned, values);
      sumOrders(field, 1);
      return field;
    },
    northward(coefficients, field = newField()) {
      assert("northward", coefficients, size);
      sumDegrees(coefficients, slopes);
      sumOrders(field, -1);
      return field;
    },
    toSpectrum(field, coefficients = new Float64Array(size)) {
      assert("toSpectrum", field, rows * columns);
      toFourier(field, pairs, () => 1);
      coefficients.fill(0);
      addRows(pairs, values, 0, coefficients);
      return coefficients;
    },
    divergence(east, northPart, coefficients = new Float64Array(size)) {
      assert("divergence", east, rows * columns);
      assert("divergence", northPart, rows * columns);
      toFourier(east, pairs, perCosine);
      toFourier(northPart, otherPairs, (row) => -perCosine(row));
      // i m times the eastward part.
      for (let m = 0, at = 0; m <= truncation; m += 1)
        for (const end = at + 4 * north; at < end; at += 2) {
          const [real, imaginary] = [pairs[at] as number, pairs[at + 1] as number];
          pairs[at] = -m * imaginary;
          pairs[at + 1] = m * real;
        }
      coefficients.fill(0);
      addRows(pairs, values, 0, coefficients);
      // The slopes of even functions are odd.
      addRows(otherPairs, slopes, 2, coefficients);
      return coefficients;
    },
  };
}
