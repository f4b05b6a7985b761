import { ShapeError } from "@graticule/core";

/**
 * Latitude-longitude grid of a field, rows first.
 *
 * Units: degrees north and east; latitudes rise or fall, longitudes rise or start anew once.
 */
export interface MapGrid {
  readonly latitudes: ArrayLike<number>;
  readonly longitudes: ArrayLike<number>;
}

const turn = (degrees: number): number => ((degrees % 360) + 360) % 360;

/** Edges of a grid. Units: degrees; east may pass 360. */
export interface MapExtent {
  readonly south: number;
  readonly north: number;
  readonly west: number;
  readonly east: number;
  /** Whether the columns go around the Earth. */
  readonly global: boolean;
}

/** Where a grid's cells end: half a step outside the outer centers. */
export function mapExtent({ latitudes, longitudes }: MapGrid): MapExtent {
  const [rows, columns] = [latitudes.length, longitudes.length];
  const step = rows > 1 ? Math.abs((latitudes[1] as number) - (latitudes[0] as number)) : 1;
  const ends = [latitudes[0] as number, latitudes[rows - 1] as number];
  const width = columns > 1 ? turn((longitudes[1] as number) - (longitudes[0] as number)) : 1;
  const west = (longitudes[0] as number) - width / 2;
  return {
    south: Math.max(-90, Math.min(...ends) - step / 2),
    north: Math.min(90, Math.max(...ends) + step / 2),
    west,
    east: west + width * columns,
    global: Math.abs(width * columns - 360) < width / 2,
  };
}

/**
 * Finds the cell that holds a point.
 *
 * @returns its position in `[H, W]`, or -1 outside the grid.
 */
export function makeCellFinder(grid: MapGrid): (longitude: number, latitude: number) => number {
  const { latitudes, longitudes } = grid;
  const extent = mapExtent(grid);
  const offsets = Float64Array.from(longitudes, (longitude) => turn(longitude - extent.west));
  const rising = Array.from({ length: latitudes.length }, (_, row) => row).sort(
    (a, b) => (latitudes[a] as number) - (latitudes[b] as number),
  );
  const sorted = Float64Array.from(rising, (row) => latitudes[row] as number);
  return (longitude, latitude) => {
    if (latitude < extent.south || latitude > extent.north) return -1;
    const offset = turn(longitude - extent.west);
    if (offset > extent.east - extent.west) return -1;
    const row = rising[nearest(sorted, latitude)] as number;
    return row * longitudes.length + nearest(offsets, offset);
  };
}

/** Place of the nearest of rising values. */
function nearest(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (((rising[middle] as number) + (rising[middle + 1] as number)) / 2 < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @throws {ShapeError} if a field is not on its grid. */
export function assertMapField(where: string, field: Float32Array, { latitudes, longitudes }: MapGrid): void {
  if (field.length !== latitudes.length * longitudes.length || field.length === 0)
    throw new ShapeError(
      where,
      `a field [${latitudes.length}, ${longitudes.length}]`,
      `${field.length} values`,
      "Give one value for each latitude and longitude.",
    );
}
