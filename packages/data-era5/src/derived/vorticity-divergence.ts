import { ShapeError } from "@graticule/core";
import type { LatLonGrid } from "../grid/lat-lon-grid.js";
import { derivativeStencil } from "./trigonometric-stencil.js";

/** Radius of the Earth as the IFS and ERA5 have it, in meters. Source: ECMWF parameter database, GRIB2 shape of Earth 6. */
export const EARTH_RADIUS_METERS = 6_371_229;

const RADIANS = Math.PI / 180;

/**
 * Vertical component of the curl of the horizontal wind: `(∂v/∂λ / cos φ - ∂u/∂φ + u tan φ) / a`.
 *
 * Derivatives are differences over three points, around the Earth where the grid goes around, one-sided at its edges.
 * A pole gets the circulation around the row next to it; what the file has at the pole itself is not used, since a
 * direction has no meaning there.
 *
 * Shape: `[N, H, W]` each, result as `u`. Units: m/s → 1/s.
 * Source: Holton and Hakim 2013, §4.2, in spherical coordinates.
 *
 * @throws {ShapeError} if `u` and `v` differ in size, or do not hold whole fields of the grid.
 */
export function relativeVorticity<T extends Float32Array | Float64Array>(grid: LatLonGrid, u: T, v: T): T {
  assertComponents("relativeVorticity", grid, u, v);
  return sphericalDerivative(grid, v, u, -1);
}

/**
 * Divergence of the horizontal wind: `(∂u/∂λ / cos φ + ∂v/∂φ - v tan φ) / a`; see `relativeVorticity` for the rest.
 *
 * Shape: `[N, H, W]` each, result as `u`. Units: m/s → 1/s.
 *
 * @throws {ShapeError} if `u` and `v` differ in size, or do not hold whole fields of the grid.
 */
export function divergence<T extends Float32Array | Float64Array>(grid: LatLonGrid, u: T, v: T): T {
  assertComponents("divergence", grid, u, v);
  return sphericalDerivative(grid, u, v, 1);
}

function assertComponents(
  where: string,
  { latitudes, longitudes }: LatLonGrid,
  u: ArrayLike<number>,
  v: ArrayLike<number>,
): void {
  const [rows, columns] = [latitudes.length, longitudes.length];
  const [first, last] = rowsBesidesPoles(latitudes);
  if (last - first < 2 || columns < 3)
    throw new ShapeError(where, "a grid of 3 columns and, besides the poles, 3 rows or more", `${rows} x ${columns}`);
  if (u.length !== v.length || u.length % (rows * columns) !== 0)
    throw new ShapeError(where, `u and v of ${rows} x ${columns}`, `${u.length} and ${v.length} values`);
}

/** `(∂along/∂λ / cos φ + sign (∂across/∂φ - across tan φ)) / a` at every point. */
function sphericalDerivative<T extends Float32Array | Float64Array>(
  grid: LatLonGrid,
  along: T,
  across: T,
  sign: 1 | -1,
): T {
  const [rows, columns] = [grid.latitudes.length, grid.longitudes.length];
  const size = rows * columns;
  const out = new (along.constructor as new (length: number) => T)(along.length);
  const zonal = zonalStencils(grid);
  const meridional = Array.from(grid.latitudes, (_, row) => meridionalStencil(grid, row));
  for (let start = 0; start < out.length; start += size)
    for (let row = 0; row < rows; row += 1) {
      const stencil = meridional[row];
      const first = start + row * columns;
      if (!stencil) {
        out.fill(atPole(grid, across, start, row, sign), first, first + columns);
        continue;
      }
      const radians = (grid.latitudes[row] as number) * RADIANS;
      const perLongitude = 1 / (EARTH_RADIUS_METERS * Math.cos(radians));
      const perLatitude = sign / EARTH_RADIUS_METERS;
      const tangent = Math.tan(radians);
      const [p, q, r] = stencil.rows.map((of) => start + of * columns) as [number, number, number];
      const [a, b, c] = stencil.weights;
      for (let column = 0; column < columns; column += 1) {
        const { west, here, east, weights } = zonal[column] as ZonalStencil;
        const alongSlope =
          weights[0] * (along[first + west] as number) +
          weights[1] * (along[first + here] as number) +
          weights[2] * (along[first + east] as number);
        const acrossSlope =
          a * (across[p + column] as number) + b * (across[q + column] as number) + c * (across[r + column] as number);
        out[first + column] =
          perLongitude * alongSlope + perLatitude * (acrossSlope - tangent * (across[first + column] as number));
      }
    }
  return out;
}

interface ZonalStencil {
  readonly west: number;
  readonly here: number;
  readonly east: number;
  readonly weights: readonly [number, number, number];
}

function zonalStencils({ longitudes, periodic }: LatLonGrid): ZonalStencil[] {
  const count = longitudes.length;
  return Array.from(longitudes, (longitude, column) => {
    const middle = periodic ? column : Math.max(1, Math.min(count - 2, column));
    const angle = (of: number): number => {
      const turns = Math.floor(of / count);
      return ((longitudes[of - turns * count] as number) + 360 * turns) * RADIANS;
    };
    return {
      west: (middle - 1 + count) % count,
      here: middle,
      east: (middle + 1) % count,
      weights: derivativeStencil([angle(middle - 1), angle(middle), angle(middle + 1)], longitude * RADIANS),
    };
  });
}

function isPole(latitude: number): boolean {
  return Math.abs(latitude) > 90 - 1e-9;
}

/** The first and the last row that is no pole. */
function rowsBesidesPoles(latitudes: Float64Array): readonly [number, number] {
  const last = latitudes.length - 1;
  return [isPole(latitudes[0] as number) ? 1 : 0, isPole(latitudes[last] as number) ? last - 1 : last];
}

/** Three rows that are no poles, and their weights; nothing for a pole. */
function meridionalStencil({ latitudes }: LatLonGrid, row: number) {
  if (isPole(latitudes[row] as number)) return undefined;
  const [low, high] = rowsBesidesPoles(latitudes);
  const middle = Math.max(low + 1, Math.min(high - 1, row));
  const rows = [middle - 1, middle, middle + 1] as const;
  const angles = rows.map((of) => (latitudes[of] as number) * RADIANS) as [number, number, number];
  return { rows, weights: derivativeStencil(angles, (latitudes[row] as number) * RADIANS) };
}

/**
 * From the mean of the row around the pole, which near it grows as half the wanted value times the distance; NaN where
 * that row does not go around.
 */
function atPole(
  { latitudes, longitudes, periodic }: LatLonGrid,
  across: Float32Array | Float64Array,
  start: number,
  row: number,
  sign: 1 | -1,
): number {
  if (!periodic) return NaN;
  const next = row === 0 ? 1 : row - 1;
  const columns = longitudes.length;
  let sum = 0;
  for (let column = 0; column < columns; column += 1) sum += across[start + next * columns + column] as number;
  const radius = EARTH_RADIUS_METERS * Math.cos((latitudes[next] as number) * RADIANS);
  return (-sign * Math.sign(latitudes[row] as number) * 2 * (sum / columns)) / radius;
}
