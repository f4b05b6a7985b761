import { expectation } from "@graticule/core";

/**
 * Rows and columns of a latitude-longitude grid, with the edges of its cells.
 *
 * Shape: H rows, W columns; bounds are H + 1 and W + 1.
 * Units: degrees north and east.
 * Layout: latitudes rise or fall; longitudes rise, past 360 where the grid crosses Greenwich.
 */
export interface LatLonGrid {
  readonly latitudes: Float64Array;
  readonly longitudes: Float64Array;
  readonly latitudeBounds: Float64Array;
  readonly longitudeBounds: Float64Array;
  /** True where the columns go around the whole Earth. */
  readonly periodic: boolean;
}

/**
 * Makes a grid from the coordinates of a file.
 *
 * Cell edges lie midway between neighbors, half a step outside the first and the last; those of a grid that goes around
 * the Earth end at the poles where a pole is within a step.
 *
 * Units: degrees. Longitudes may be 0 … 360 or -180 … 180, and may cross either end.
 *
 * @throws {RangeError} if there are fewer than two, they are not strictly monotone, or lie outside of the Earth.
 */
export function makeLatLonGrid(latitudes: ArrayLike<number>, longitudes: ArrayLike<number>): LatLonGrid {
  const rows = checkedLatitudes(latitudes);
  const columns = risingLongitudes(longitudes);
  const longitudeBounds = midpoints(columns);
  const periodic = goesAround(columns);
  return {
    latitudes: rows,
    longitudes: columns,
    latitudeBounds: midpoints(rows).map((bound, index, all) => {
      const atEnd = index === 0 || index === all.length - 1;
      if (!atEnd) return bound;
      const row = rows[index === 0 ? 0 : rows.length - 1] as number;
      const step = 2 * Math.abs(bound - row);
      const nearPole = periodic && 90 - Math.abs(row) < step;
      return nearPole || Math.abs(bound) > 90 ? 90 * Math.sign(bound) : bound;
    }),
    longitudeBounds,
    periodic,
  };
}

/** How the middles of neighboring rows or columns divide the line; the ends get half a step more. */
export function midpoints(centers: Float64Array): Float64Array {
  const last = centers.length - 1;
  const at = (index: number): number => centers[index] as number;
  return Float64Array.from({ length: last + 2 }, (_, index) => {
    if (index === 0) return at(0) - (at(1) - at(0)) / 2;
    if (index > last) return at(last) + (at(last) - at(last - 1)) / 2;
    return (at(index - 1) + at(index)) / 2;
  });
}

function checkedLatitudes(given: ArrayLike<number>): Float64Array {
  const latitudes = Float64Array.from(given);
  const falling = (latitudes[1] as number) < (latitudes[0] as number);
  const bad = latitudes.findIndex((latitude, index) => {
    if (!(Math.abs(latitude) <= 90)) return true;
    if (index === 0) return false;
    const before = latitudes[index - 1] as number;
    return falling ? latitude >= before : latitude <= before;
  });
  if (bad >= 0 || latitudes.length < 2)
    throw new RangeError(
      expectation(
        "makeLatLonGrid",
        "two or more latitudes from -90 to 90, all rising or all falling",
        bad >= 0 ? `${latitudes[bad]} at ${bad}` : `${latitudes.length} of them`,
      ),
    );
  return latitudes;
}

function risingLongitudes(given: ArrayLike<number>): Float64Array {
  const longitudes = Float64Array.from(given);
  for (let index = 1; index < longitudes.length; index += 1) {
    const before = longitudes[index - 1] as number;
    // Across Greenwich or the date line the file starts anew, a turn lower.
    while ((longitudes[index] as number) < before) longitudes[index] = (longitudes[index] as number) + 360;
  }
  const span = (longitudes[longitudes.length - 1] as number) - (longitudes[0] as number);
  const still = longitudes.findIndex((longitude, index) => index > 0 && longitude === longitudes[index - 1]);
  if (!longitudes.every(Number.isFinite) || longitudes.length < 2 || still >= 0 || !(span < 360))
    throw new RangeError(
      expectation(
        "makeLatLonGrid",
        "two or more longitudes that rise by less than 360 degrees in all",
        `${longitudes.length} that span ${span}${still >= 0 ? `, ${longitudes[still]} twice` : ""}`,
        "Drop a last column that repeats the first.",
      ),
    );
  return longitudes;
}

function goesAround(longitudes: Float64Array): boolean {
  const first = longitudes[0] as number;
  const last = longitudes[longitudes.length - 1] as number;
  const step = (last - first) / (longitudes.length - 1);
  return Math.abs(last + step - first - 360) < 1e-3 * step;
}
