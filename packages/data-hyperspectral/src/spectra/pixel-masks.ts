import { ShapeError } from "@graticule/core";
import { assertSpectra, type CubeShape } from "./spectral-image.js";

/** The bands without a single value, such as those that EnMAP leaves out; ascending. Shape: `[C, H, W]`. */
export function emptyBands(pixels: Float32Array, shape: CubeShape): number[] {
  assertSpectra("emptyBands", pixels, shape);
  const plane = shape[1] * shape[2];
  return Array.from({ length: shape[0] }, (_, band) => band).filter(
    (band) => !pixels.subarray(band * plane, (band + 1) * plane).some(Number.isFinite),
  );
}

/** Medians and deviations from the neighbors' median this far count as stripes; Iglewicz & Hoaglin 1993 advise 3.5. */
const DEFAULT_THRESHOLD = 3.5;
/** Scales the median absolute deviation to the standard deviation of a normal distribution. */
const MAD_TO_SIGMA = 1.4826;
const NEIGHBORS = 2;

/**
 * Finds detector columns that are dead or striped in a pushbroom image, band by band. A column is dead if it has no
 * values or a single one throughout while the band varies; striped if its mean differs from the median of its
 * neighbors' means by more than `threshold` robust standard deviations of such differences in the band.
 *
 * Shape: `[C, H, W] → mask [C, W]`, 1 for a bad column.
 *
 * @throws {ShapeError} if the pixels don't have the shape.
 */
export function badColumnMask(pixels: Float32Array, shape: CubeShape, threshold = DEFAULT_THRESHOLD): Uint8Array {
  assertSpectra("badColumnMask", pixels, shape);
  const [bands, , width] = shape;
  const mask = new Uint8Array(bands * width);
  for (let band = 0; band < bands; band++) {
    const columns = columnSummaries(pixels, shape, band);
    const means = columns.map(({ mean }) => mean);
    const differences = means.map((mean, column) => mean - neighborMedian(means, column));
    const spread = MAD_TO_SIGMA * median(differences.filter(Number.isFinite).map(Math.abs));
    const varies = columns.some(({ low, high }) => high > low);
    for (const [column, { low, high }] of columns.entries()) {
      const dead = !(low <= high) || (varies && low === high && shape[1] > 1);
      const striped = spread > 0 && Math.abs(differences[column] as number) > threshold * spread;
      mask[band * width + column] = dead || striped ? 1 : 0;
    }
  }
  return mask;
}

function columnSummaries(
  pixels: Float32Array,
  [, height, width]: CubeShape,
  band: number,
): { mean: number; low: number; high: number }[] {
  return Array.from({ length: width }, (_, column) => {
    let [sum, count, low, high] = [0, 0, Infinity, -Infinity];
    for (let row = 0; row < height; row++) {
      const value = pixels[(band * height + row) * width + column] as number;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count += 1;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return { mean: sum / count, low, high };
  });
}

function neighborMedian(means: readonly number[], column: number): number {
  const near = means.slice(Math.max(0, column - NEIGHBORS), column + NEIGHBORS + 1);
  near.splice(Math.min(column, NEIGHBORS), 1);
  return median(near.filter(Number.isFinite));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/**
 * Takes bad columns out: their pixels become NaN.
 *
 * Shape: `pixels [C, H, W]`, `mask [C, W]` → `[C, H, W]`.
 *
 * @throws {ShapeError} if the mask has another shape.
 */
export function maskColumns(pixels: Float32Array, shape: CubeShape, mask: Uint8Array): Float32Array {
  assertSpectra("maskColumns", pixels, shape);
  const [bands, height, width] = shape;
  if (mask.length !== bands * width)
    throw new ShapeError("maskColumns", `a mask [${bands}, ${width}]`, `${mask.length} values`);
  return pixels.map((value, at) =>
    mask[Math.floor(at / (height * width)) * width + (at % width)] === 1 ? NaN : value,
  );
}
