import type { LatLonGrid } from "./lat-lon-grid.js";

/** Height of each row of cells between its two parallels, as a difference of sines; the whole sphere is 2. */
export function rowHeights(grid: LatLonGrid): Float64Array {
  const sines = grid.latitudeBounds.map((bound) => Math.sin((bound * Math.PI) / 180));
  return Float64Array.from(grid.latitudes, (_, row) => Math.abs((sines[row + 1] as number) - (sines[row] as number)));
}

/**
 * Weight of each row by the area of its cells, divided by the mean: WeatherBench 2's latitude weights.
 *
 * On cell-centered grids it equals cos(latitude) divided by its mean (ClimaX, WeatherBench 1); where rows lie at the
 * poles it differs, since cos(latitude) gives them nothing.
 *
 * Shape: H numbers of mean 1.
 * Source: Rasp et al. 2024, arXiv:2308.15560, weatherbench2/metrics.py.
 */
export function areaWeights(grid: LatLonGrid): number[] {
  const heights = rowHeights(grid);
  const mean = heights.reduce((sum, height) => sum + height, 0) / heights.length;
  return Array.from(heights, (height) => height / mean);
}

/**
 * The Earth's share of each cell; all cells of a global grid sum to 1.
 *
 * Shape: `[H, W]`. Units: fraction of the sphere.
 */
export function cellAreas(grid: LatLonGrid): Float64Array {
  const columns = grid.longitudes.length;
  const heights = rowHeights(grid);
  return Float64Array.from({ length: heights.length * columns }, (_, cell) => {
    const column = cell % columns;
    const width = (grid.longitudeBounds[column + 1] as number) - (grid.longitudeBounds[column] as number);
    return ((heights[Math.floor(cell / columns)] as number) / 2) * (width / 360);
  });
}

/** Latitude of every point, the static field `lat2d`. Shape: `[H, W]`. Units: degrees north. */
export function latitudeField(grid: LatLonGrid): Float32Array {
  const columns = grid.longitudes.length;
  const field = new Float32Array(grid.latitudes.length * columns);
  grid.latitudes.forEach((latitude, row) => {
    field.fill(latitude, row * columns, (row + 1) * columns);
  });
  return field;
}

/** Longitude of every point, the static field `lon2d`. Shape: `[H, W]`. Units: degrees east, as the grid has them. */
export function longitudeField(grid: LatLonGrid): Float32Array {
  const columns = grid.longitudes.length;
  const field = new Float32Array(grid.latitudes.length * columns);
  for (let row = 0; row < grid.latitudes.length; row += 1) field.set(grid.longitudes, row * columns);
  return field;
}
