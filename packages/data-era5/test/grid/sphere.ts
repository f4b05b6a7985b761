import type { LatLonGrid } from "../../src/index.js";

/** A point of the unit sphere. */
export type Point = readonly [x: number, y: number, z: number];

const RADIANS = Math.PI / 180;

export function point(latitude: number, longitude: number): Point {
  const [phi, lambda] = [latitude * RADIANS, longitude * RADIANS];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

/** A function of the point, at every point of a grid. */
export function onGrid(grid: LatLonGrid, value: (at: Point, latitude: number, longitude: number) => number) {
  const columns = grid.longitudes.length;
  return Float64Array.from({ length: grid.latitudes.length * columns }, (_, index) => {
    const latitude = grid.latitudes[Math.floor(index / columns)] as number;
    const longitude = grid.longitudes[index % columns] as number;
    return value(point(latitude, longitude), latitude, longitude);
  });
}

/** A sum of spherical harmonics of degree 3 and of orders 0 to 3, and its gradient in space. */
export function harmonic([x, y, z]: Point): number {
  return z * (5 * z * z - 3 * (x * x + y * y + z * z)) + harmonicBesidesZonal([x, y, z]);
}

function harmonicBesidesZonal([x, y, z]: Point): number {
  return x * (4 * z * z - x * x - y * y) + z * (x * x - y * y) + x * x * x - 3 * x * y * y;
}

export function harmonicGradient([x, y, z]: Point): Point {
  return [
    -6 * x * z + (4 * z * z - 3 * x * x - y * y) + 2 * x * z + 3 * x * x - 3 * y * y,
    -6 * y * z - 2 * x * y - 2 * y * z - 6 * x * y,
    6 * z * z - 3 * x * x - 3 * y * y + 8 * x * z + x * x - y * y,
  ];
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < a.length; index += 1)
    largest = Math.max(largest, Math.abs((a[index] as number) - (b[index] as number)));
  return largest;
}
