import { expectation } from "@graticule/core";
import { bilinearWeights } from "./bilinear-weights.js";
import { conservativeWeights } from "./conservative-weights.js";
import type { LatLonGrid } from "./lat-lon-grid.js";
import { nearestWeights } from "./nearest-weights.js";

const METHODS = { bilinear: bilinearWeights, nearest: nearestWeights, conservative: conservativeWeights };

/** How the value of a target point or cell follows from the source's. */
export type RegridMethod = keyof typeof METHODS;

/**
 * A sparse matrix from source points to target points, in compressed rows.
 *
 * Target point t is the sum over k from `rowStarts[t]` up to `rowStarts[t + 1]` of `values[k]` times the source's point
 * `columns[k]`. The values of a row sum to 1; a row without any is a target that the source does not reach.
 */
export interface RegridWeights {
  readonly method: RegridMethod;
  /** `[H, W]` of the source. */
  readonly sourceShape: readonly [number, number];
  /** `[H, W]` of the target. */
  readonly targetShape: readonly [number, number];
  readonly rowStarts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** The matrix alone, as each method makes it. */
export type SparseRows = Pick<RegridWeights, "rowStarts" | "columns" | "values">;

/**
 * Makes the weights that carry fields from one grid to another.
 *
 * - "bilinear": ESMF's and so xESMF's `bilinear` with `periodic=True`; see `bilinear-weights.ts` for the formulas.
 * - "nearest": the closest source point on the sphere, as `nearest_s2d`; every target gets one.
 * - "conservative": means weighted by overlapping area, first order, as `conservative_normed`, but with cells bounded by
 *   parallels, not by great circles: the integral over a global grid stays what it was.
 *
 * @throws {RangeError} if the method is unknown.
 */
export function makeRegridWeights(source: LatLonGrid, target: LatLonGrid, method: RegridMethod): RegridWeights {
  if (!Object.hasOwn(METHODS, method))
    throw new RangeError(expectation("makeRegridWeights", `one of ${Object.keys(METHODS).join(", ")}`, `"${method}"`));
  return {
    method,
    sourceShape: [source.latitudes.length, source.longitudes.length],
    targetShape: [target.latitudes.length, target.longitudes.length],
    ...METHODS[method](source, target),
  };
}
