import type { StoredValues } from "@graticule/data/arrays";

/** How four pixels become one: their mean, the first of them, or the value most of them have. */
export type OverviewResampling = "average" | "nearest" | "mode";

/** A block of pixels, `[C, rows, columns]` inside planes of `planeWidth` columns and `planeSize` pixels. */
export interface PlanarBlock {
  readonly values: StoredValues;
  readonly bands: number;
  readonly rows: number;
  readonly columns: number;
  readonly planeWidth: number;
  readonly planeSize: number;
}

/**
 * Halves a block in both directions. Nodata and NaN count only where all four pixels are so; where the size is odd, the
 * last row or column stands alone. Means of integers are rounded; one that would equal nodata moves by one.
 *
 * Shape: `[C, rows, columns] → [C, ⌈rows/2⌉, ⌈columns/2⌉]`.
 */
export function downsample(
  block: PlanarBlock,
  resampling: OverviewResampling,
  nodata: number | undefined,
  output: StoredValues,
): void {
  const { values, bands, rows, columns, planeWidth, planeSize } = block;
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  const reduce = { average: makeMean(isFloat, nodata), nearest: undefined, mode: makeMode(nodata) }[resampling];
  const four = new Float64Array(4);
  let to = 0;
  for (let band = 0; band < bands; band++)
    for (let row = 0; row < rows; row += 2) {
      const upper = band * planeSize + row * planeWidth;
      const lower = row + 1 < rows ? upper + planeWidth : -1;
      for (let column = 0; column < columns; column += 2, to++) {
        if (reduce === undefined) {
          output[to] = values[upper + column] as number;
          continue;
        }
        const hasRight = column + 1 < columns;
        let count = 0;
        four[count++] = values[upper + column] as number;
        if (hasRight) four[count++] = values[upper + column + 1] as number;
        if (lower >= 0) {
          four[count++] = values[lower + column] as number;
          if (hasRight) four[count++] = values[lower + column + 1] as number;
        }
        output[to] = reduce(four, count);
      }
    }
}

type Reduce = (values: Float64Array, count: number) => number;

function makeMean(isFloat: boolean, nodata: number | undefined): Reduce {
  const missing = nodata ?? NaN;
  return (values, count) => {
    let sum = 0;
    let valid = 0;
    for (let index = 0; index < count; index++) {
      const value = values[index] as number;
      if (value === missing || Number.isNaN(value)) continue;
      sum += value;
      valid += 1;
    }
    if (valid === 0) return missing;
    if (isFloat) return sum / valid;
    const mean = Math.round(sum / valid);
    // The neighbor toward the exact mean's side away from nodata stays inside the range of the values.
    return mean === missing ? mean + (sum / valid >= mean ? 1 : -1) : mean;
  };
}

function makeMode(nodata: number | undefined): Reduce {
  const missing = nodata ?? NaN;
  return (values, count) => {
    let best = missing;
    let bestVotes = 0;
    for (let index = 0; index < count; index++) {
      const value = values[index] as number;
      if (value === missing || Number.isNaN(value)) continue;
      let votes = 0;
      for (let other = 0; other < count; other++) if (values[other] === value) votes += 1;
      if (votes > bestVotes) {
        best = value;
        bestVotes = votes;
      }
    }
    return best;
  };
}
