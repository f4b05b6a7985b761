import { ShapeError } from "@graticule/core";

/**
 * `(a − b) / (a + b)` pixel by pixel, from −1 to 1; NaN where either is NaN or both are 0.
 *
 * @throws {ShapeError} if the bands differ in size.
 */
export function normalizedDifference(a: ArrayLike<number>, b: ArrayLike<number>): Float32Array {
  if (a.length !== b.length)
    throw new ShapeError(
      "normalizedDifference",
      `two bands of ${a.length} pixels`,
      `${b.length}`,
      "Resample one band.",
    );
  const output = new Float32Array(a.length);
  for (let index = 0; index < a.length; index++) {
    const [first, second] = [a[index] as number, b[index] as number];
    output[index] = (first - second) / (first + second);
  }
  return output;
}

/** Vegetation index: high over green plants. Source: Rouse et al. 1974 (NASA SP-351). */
export function ndvi(nir: ArrayLike<number>, red: ArrayLike<number>): Float32Array {
  return normalizedDifference(nir, red);
}

/** Open-water index: positive over water. Source: Xu 2006, "Modification of normalised difference water index". */
export function mndwi(green: ArrayLike<number>, swir1: ArrayLike<number>): Float32Array {
  return normalizedDifference(green, swir1);
}
