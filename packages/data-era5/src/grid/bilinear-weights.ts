import { bracket } from "./bracket.js";
import type { LatLonGrid } from "./lat-lon-grid.js";
import type { SparseRows } from "./regrid-weights.js";
import { makeSparseRowsBuilder, type SparseRowsBuilder } from "./sparse-rows-builder.js";

const RADIANS = Math.PI / 180;

/**
 * Bilinear weights by ESMF's formula: the ray from the Earth's center through the target meets the bilinear patch that
 * the four source points around it span in space, and the patch's parameters there are the weights.
 *
 * On a latitude-longitude grid the patch is a trapezoid with a closed solution. Along both directions a place between
 * two angles lies at the fraction of their chord that `chordFraction` gives; along the meridian the angle is not the
 * latitude but `atan(tan(latitude) · cos(half a step) / cos(offset from the middle))`, since the chord between two
 * points of a parallel runs below it. Interpolation along angles instead (xarray's `interp`) differs by the order of
 * the squared step, as interpolation errors do.
 *
 * A periodic source without rows at the poles gets ESMF's ALLAVG pole: a point there that holds the mean of the nearest
 * row. Elsewhere outside of the source there are no weights.
 *
 * Source: ESMF Reference Manual, regridding options (bilinear, line type CART, pole method ALLAVG);
 * ESMCI_Mapping.C, `intersect_quad_with_line`.
 */
export function bilinearWeights(source: LatLonGrid, target: LatLonGrid): SparseRows {
  const targets = target.latitudes.length * target.longitudes.length;
  const builder = makeSparseRowsBuilder(targets, 4 * targets);
  const columns = Array.from(target.longitudes, (longitude) => bracketColumns(source, longitude));
  for (const latitude of target.latitudes)
    for (const column of columns) {
      if (column) addPoint(builder, source, latitude, column);
      builder.endRow();
    }
  return builder.finish();
}

/** The two source columns around a longitude. */
interface Columns {
  readonly west: number;
  readonly east: number;
  /** Share of the eastern column. */
  readonly fraction: number;
  /** How far the chord between the columns lies inside of the parallel, as a factor of its radius. */
  readonly sag: number;
}

function bracketColumns(source: LatLonGrid, longitude: number): Columns | undefined {
  const { longitudes, periodic } = source;
  const count = longitudes.length;
  const first = longitudes[0] as number;
  // Up to rounding, so that a target a hair west of the first column is not sent around the Earth.
  const turned = longitude - 360 * Math.floor((longitude - first + 1e-9) / 360);
  const at = Math.max(turned, first);
  const last = longitudes[count - 1] as number;
  const beyond = at > last;
  if (beyond && !periodic) return undefined;
  const west = beyond ? count - 1 : bracket(longitudes, at);
  const east = beyond ? 0 : west + 1;
  const [a, b] = [longitudes[west] as number, beyond ? first + 360 : (longitudes[east] as number)];
  const half = ((b - a) / 2) * RADIANS;
  return {
    west,
    east,
    fraction: chordFraction(a * RADIANS, b * RADIANS, at * RADIANS),
    sag: Math.cos(half) / Math.cos((at - (a + b) / 2) * RADIANS),
  };
}

function addPoint(builder: SparseRowsBuilder, source: LatLonGrid, latitude: number, columns: Columns): void {
  const { latitudes, longitudes, periodic } = source;
  const width = longitudes.length;
  const radians = latitude * RADIANS;
  const angle = Math.atan2(Math.sin(radians) * columns.sag, Math.cos(radians));
  const degrees = angle / RADIANS;
  const addRow = (row: number, share: number): void => {
    builder.add(row * width + columns.west, share * (1 - columns.fraction));
    builder.add(row * width + columns.east, share * columns.fraction);
  };
  const [first, last] = [latitudes[0] as number, latitudes[latitudes.length - 1] as number];
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  if (degrees >= low && degrees <= high) {
    const row = bracket(latitudes, degrees);
    const fraction = chordFraction(
      (latitudes[row] as number) * RADIANS,
      (latitudes[row + 1] as number) * RADIANS,
      angle,
    );
    addRow(row, 1 - fraction);
    addRow(row + 1, fraction);
    return;
  }
  if (!periodic) return;
  const edge = degrees > high ? high : low;
  const row = edge === first ? 0 : latitudes.length - 1;
  const towardsPole = chordFraction(edge * RADIANS, Math.sign(degrees) * (Math.PI / 2), angle);
  // The pole holds the mean of the row; the two neighbors' part of it is added to their own.
  const each = towardsPole / width;
  for (let column = 0; column < width; column += 1) {
    const own = column === columns.west ? 1 - columns.fraction : column === columns.east ? columns.fraction : 0;
    builder.add(row * width + column, each + own * (1 - towardsPole));
  }
}

/** Where the ray at `angle` cuts the chord between the points of a circle at angles `a` and `b`: 0 at `a`, 1 at `b`. */
function chordFraction(a: number, b: number, angle: number): number {
  const [left, right] = [Math.sin(angle - a), Math.sin(b - angle)];
  return left / (left + right);
}
