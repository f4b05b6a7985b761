import { bracket } from "./bracket.js";
import type { LatLonGrid } from "./lat-lon-grid.js";
import type { SparseRows } from "./regrid-weights.js";
import { makeSparseRowsBuilder } from "./sparse-rows-builder.js";

const RADIANS = Math.PI / 180;

/**
 * Weight 1 at the source point that is closest on the sphere; of two equally close ones the earlier row or column.
 *
 * The closest point lies in the column of least angle. Along that meridian the cosine of the distance is
 * `R cos(φ - φ*)` with `φ* = atan2(sin φt, cos φt cos Δλ)`, so that the closest row is the one nearest to φ*.
 */
export function nearestWeights(source: LatLonGrid, target: LatLonGrid): SparseRows {
  const width = source.longitudes.length;
  const targets = target.latitudes.length * target.longitudes.length;
  const builder = makeSparseRowsBuilder(targets, targets);
  const columns = Array.from(target.longitudes, (longitude) => nearestColumn(source.longitudes, longitude));
  for (const latitude of target.latitudes)
    for (const { column, angle } of columns) {
      const radians = latitude * RADIANS;
      const best = Math.atan2(Math.sin(radians), Math.cos(radians) * Math.cos(angle)) / RADIANS;
      builder.add(nearestOf(source.latitudes, best) * width + column, 1);
      builder.endRow();
    }
  return builder.finish();
}

function nearestOf(sorted: Float64Array, value: number): number {
  const before = bracket(sorted, value);
  const [a, b] = [sorted[before] as number, sorted[before + 1] as number];
  return Math.abs(value - a) <= Math.abs(value - b) ? before : before + 1;
}

function nearestColumn(longitudes: Float64Array, longitude: number): { column: number; angle: number } {
  const first = longitudes[0] as number;
  const turned = longitude - 360 * Math.floor((longitude - first) / 360);
  const last = longitudes.length - 1;
  const inside = nearestOf(longitudes, turned);
  // West of the first column is east of the last.
  const around = first + 360 - turned;
  const column = inside === last && around < turned - (longitudes[last] as number) ? 0 : inside;
  return { column, angle: (turned - (longitudes[column] as number)) * RADIANS };
}
