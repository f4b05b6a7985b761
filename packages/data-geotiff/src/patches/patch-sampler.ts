import { ConfigError, type Random } from "@graticule/core";
import type { Box } from "@graticule/data";
import type { Bounds, Grid } from "../grid/grid.js";
import type { ClassPoints } from "./class-points.js";
import { isWithin, type Locator, makeLocator } from "./scenes.js";

/** Where a patch lies: a window of one of the grids. */
export interface PatchPlace {
  readonly grid: number;
  readonly window: Box;
  /** Which class it was drawn for. */
  readonly label?: number;
}

/** The grids that patches are windows of, and which windows may be taken. */
export interface PatchArea {
  readonly grids: readonly Grid[];
  readonly size: readonly [height: number, width: number];
  /** Bounds in degrees that a patch's center must lie in. */
  readonly region: Bounds | undefined;
  /** Says of a patch's center in degrees whether a patch may lie there. */
  readonly accepts: (longitude: number, latitude: number) => boolean;
}

/** Draws in vain until it is an error: a region and layers that hardly meet. */
const MAX_TRIES = 1000;
const METERS_PER_DEGREE = 111_320;

/** Draws places at random, each part of the area as likely as its share of the ground. */
export function makeRandomSampler(area: PatchArea): (random: Random) => PatchPlace {
  const { grids } = area;
  const locators = grids.map(makeLocator);
  const ranges = grids.map((grid, index) => cornerRange(grid, area, locators[index] as Locator));
  const weights = ranges.map((range, index) => {
    if (range === undefined) return 0;
    return (range.rows + 1) * (range.columns + 1) * pixelArea(grids[index] as Grid, locators[index] as Locator);
  });
  const ends: number[] = [];
  let total = 0;
  for (const weight of weights) {
    total += weight;
    ends.push(total);
  }
  if (!(total > 0)) throw nowhere(area);
  return (random) => {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const drawn = random.float() * total;
      const grid = ends.findIndex((end) => drawn < end);
      const { row, column, rows, columns } = ranges[grid] as CornerRange;
      const place = placeAt(area, grid, row + random.integer(rows + 1), column + random.integer(columns + 1));
      if (isAccepted(area, place, locators[grid] as Locator)) return place;
    }
    throw nowhere(area);
  };
}

/**
 * Lists places row by row, `stride` apart; the last row and column of each grid are moved inwards, so that every pixel
 * is covered if the stride is no larger than the size.
 *
 * @throws {ConfigError} if there is none.
 */
export function listGridPlaces(area: PatchArea, stride: readonly [number, number]): PatchPlace[] {
  const places: PatchPlace[] = [];
  for (const [index, grid] of area.grids.entries()) {
    const locator = makeLocator(grid);
    for (const row of starts(grid.height, area.size[0], stride[0]))
      for (const column of starts(grid.width, area.size[1], stride[1])) {
        const place = placeAt(area, index, row, column);
        if (isAccepted(area, place, locator)) places.push(place);
      }
  }
  if (places.length === 0) throw nowhere(area);
  return places;
}

/** Draws a class, each as likely as the others, then one of its pixels, then a patch that holds it. */
export function makeBalancedSampler(area: PatchArea, points: ClassPoints): (random: Random) => PatchPlace {
  const locators = area.grids.map(makeLocator);
  const [height, width] = area.size;
  return (random) => {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const label = random.integer(points.classes.length);
      const [longitude, latitude] = points.draw(label, random);
      const start = random.integer(area.grids.length);
      const [down, across] = [random.integer(height), random.integer(width)];
      for (let step = 0; step < area.grids.length; step++) {
        const index = (start + step) % area.grids.length;
        const grid = area.grids[index] as Grid;
        const [x, y] = (locators[index] as Locator).toPixel(longitude, latitude);
        if (!(x >= 0 && y >= 0 && x < grid.width && y < grid.height)) continue;
        if (grid.width < width || grid.height < height) continue;
        const row = Math.min(Math.max(Math.floor(y) - down, 0), grid.height - height);
        const column = Math.min(Math.max(Math.floor(x) - across, 0), grid.width - width);
        const place = placeAt(area, index, row, column);
        if (isAccepted(area, place, locators[index] as Locator)) return { ...place, label };
      }
    }
    throw nowhere(area);
  };
}

/** Upper left corners that a patch may have: from `row`, `column`, `rows` and `columns` further at most. */
interface CornerRange {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

function cornerRange(grid: Grid, { size, region }: PatchArea, locator: Locator): CornerRange | undefined {
  let [top, left, bottom, right] = [0, 0, grid.height - size[0], grid.width - size[1]];
  if (region !== undefined) {
    const [west, south, east, north] = region;
    const spanned = east < west ? east + 360 - west : east - west;
    const columns: number[] = [];
    const rows: number[] = [];
    for (let step = 0; step <= 20; step++) {
      const longitude = ((((west + (spanned * step) / 20 + 180) % 360) + 360) % 360) - 180;
      const latitude = south + ((north - south) * step) / 20;
      for (const [x, y] of [
        locator.toPixel(longitude, south),
        locator.toPixel(longitude, north),
        locator.toPixel(west, latitude),
        locator.toPixel(east, latitude),
      ])
        if (Number.isFinite(x) && Number.isFinite(y)) {
          columns.push(x);
          rows.push(y);
        }
    }
    if (columns.length > 0) {
      // A margin of a patch: sides of the region are curves between the points that were looked at.
      top = Math.max(top, Math.floor(Math.min(...rows) - size[0]));
      left = Math.max(left, Math.floor(Math.min(...columns) - size[1]));
      bottom = Math.min(bottom, Math.ceil(Math.max(...rows)));
      right = Math.min(right, Math.ceil(Math.max(...columns)));
    }
  }
  if (bottom < top || right < left) return undefined;
  return { row: top, column: left, rows: bottom - top, columns: right - left };
}

/** Ground that one pixel in a grid's middle covers. Units: square meters, nearly. */
function pixelArea({ crs, transform, width, height }: Grid, locator: Locator): number {
  const [, a, b, , c, d] = transform;
  const area = Math.abs(a * d - b * c);
  if (!crs.isGeographic) return area;
  const [, latitude] = locator.toDegrees(width / 2, height / 2);
  return area * METERS_PER_DEGREE ** 2 * Math.max(1e-6, Math.cos((latitude * Math.PI) / 180));
}

function starts(length: number, size: number, stride: number): number[] {
  if (length < size) return [];
  const found: number[] = [];
  for (let start = 0; start + size <= length; start += stride) found.push(start);
  if ((found.at(-1) as number) + size < length) found.push(length - size);
  return found;
}

function placeAt({ size }: PatchArea, grid: number, row: number, column: number): PatchPlace {
  return { grid, window: { row, column, height: size[0], width: size[1] } };
}

function isAccepted({ region, accepts }: PatchArea, { window }: PatchPlace, locator: Locator): boolean {
  const [longitude, latitude] = locator.toDegrees(window.column + window.width / 2, window.row + window.height / 2);
  return (region === undefined || isWithin(region, longitude, latitude)) && accepts(longitude, latitude);
}

function nowhere({ size, region, grids }: PatchArea): ConfigError {
  return new ConfigError(
    `openGeoPatches: expected room for patches of ${size.join(" by ")} pixels in ${grids.length} scenes${region ? ` within [${region.join(", ")}]` : ""}, got none. Choose smaller patches, a larger region, or layers that overlap.`,
  );
}
