import { ConfigError, FormatError } from "@graticule/core";
import type { Box } from "@graticule/data";
import type { BandSelection } from "../band-selection.js";
import type { Georeference } from "../georeference.js";
import { DEFAULT_MAX_VALUES } from "../limits.js";
import { levelFor, type RasterLevel } from "../raster-level.js";
import type { GeoTransform } from "./geo-transform.js";
import { type Grid, gridOf } from "./grid.js";
import { averageAt, kernelAt, nearestAt, type SourceWindow } from "./resample-kernels.js";
import { makeSourceLocator, type SourceCoordinates } from "./source-coordinates.js";

export type GridMethod = "nearest" | "bilinear" | "cubic" | "average";

export interface ResampleOptions {
  /** How pixels are made: `nearest` for classes, `average` for much coarser grids. */
  readonly method: GridMethod;
  /** Bands to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
  /** Most values that the result, or one part of the source at a time, may hold. */
  readonly maxValues?: number;
}

/** What `resampleToGrid` reads: a `Raster`, or anything that has its shape. */
export interface GridSource extends Georeference, RasterLevel {
  readonly path: string;
  readonly bandNames: readonly string[];
  readonly overviews: readonly RasterLevel[];
}

/** Target pixels that are made at a time, a side. */
const BLOCK = 256;

/** Source values that one block of the target may need; a block that needs more is divided. */
const MAX_SOURCE_VALUES = 2 ** 24;

/**
 * Resamples a raster onto a grid of any coordinate system, block by block, so that memory holds the result and one
 * part of the source. NaN (no data) has no weight; where the source pixel under a target's center is NaN, or lies
 * outside, the result is NaN. When it makes pixels larger, kernels widen as GDAL's do, and overviews are read
 * (`nearest` keeps to full resolution, for overviews of classes may be blends).
 *
 * Shape: `[C, grid.height, grid.width]`.
 * Source: GDAL's warp kernels; cubic is Keys' with a = −0.5.
 *
 * @throws {ConfigError} if the raster has no known place, or the method is unknown.
 */
export async function resampleToGrid(raster: GridSource, grid: Grid, options: ResampleOptions): Promise<Float32Array> {
  const { method, bands, maxValues = DEFAULT_MAX_VALUES } = options;
  if (!["nearest", "bilinear", "cubic", "average"].includes(method))
    throw new ConfigError(
      `resampleToGrid: expected method nearest, bilinear, cubic or average, got ${JSON.stringify(method)}.`,
    );
  const count = bands?.length ?? raster.bandNames.length;
  if (count * grid.width * grid.height > maxValues)
    throw new FormatError(
      raster.path,
      `a grid of at most ${maxValues} values`,
      `${count} bands of ${grid.width} by ${grid.height}`,
      "Resample onto smaller grids, or raise maxValues.",
    );
  const full = gridOf(raster);
  const steps = measureSteps(makeSourceLocator(full, grid), grid);
  const level = method === "nearest" ? raster : levelFor(raster, Math.min(...steps));
  const source: Grid = {
    ...full,
    width: level.width,
    height: level.height,
    transform: level.transform as GeoTransform,
  };
  const locate = makeSourceLocator(source, grid);
  const stepX = Math.max(1, (steps[0] * level.width) / raster.width);
  const stepY = Math.max(1, (steps[1] * level.height) / raster.height);
  const margin = method === "nearest" ? 1 : Math.ceil(2 * Math.max(stepX, stepY)) + 1;
  const output = new Float32Array(count * grid.width * grid.height).fill(NaN);

  async function fill(target: Box): Promise<void> {
    // An average needs the corners of its pixels, one more each way than pixels.
    const places =
      method === "average"
        ? locate({ ...target, width: target.width + 1, height: target.height + 1 }, 0)
        : locate(target, 0.5);
    const box = boxAround(places, margin, source);
    if (box === undefined) return;
    if (box.width * box.height * count > MAX_SOURCE_VALUES && target.width * target.height > 1) {
      for (const quarter of quartersOf(target)) await fill(quarter);
      return;
    }
    const pixels = await level.readWindow({ ...box, ...(bands && { bands }) });
    const plane = box.width * box.height;
    for (let band = 0; band < count; band++) {
      const window: SourceWindow = { ...box, pixels: pixels.subarray(band * plane, (band + 1) * plane) };
      for (let row = 0; row < target.height; row++) {
        const to = (band * grid.height + target.row + row) * grid.width + target.column;
        for (let column = 0; column < target.width; column++)
          output[to + column] = valueAt(window, places, column, row);
      }
    }
  }

  function valueAt(window: SourceWindow, places: SourceCoordinates, column: number, row: number): number {
    if (method === "average") return averageAt(window, places, column, row, SEAM_STEPS * Math.max(stepX, stepY));
    const index = row * places.width + column;
    const x = places.columns[index] as number;
    const y = places.rows[index] as number;
    return method === "nearest" ? nearestAt(window, x, y) : kernelAt(window, x, y, stepX, stepY, method);
  }

  for (let row = 0; row < grid.height; row += BLOCK)
    for (let column = 0; column < grid.width; column += BLOCK)
      await fill({
        row,
        column,
        height: Math.min(BLOCK, grid.height - row),
        width: Math.min(BLOCK, grid.width - column),
      });
  return output;
}

/** Corners this many times as far apart as they usually are belong to a pixel across a seam. */
const SEAM_STEPS = 16;

const SAMPLES = 8;

/** How many source pixels one target pixel spans, across and down: the median over places of the grid. */
function measureSteps(locate: (box: Box, shift: number) => SourceCoordinates, grid: Grid): [number, number] {
  const across: number[] = [];
  const down: number[] = [];
  for (let place = 0; place < SAMPLES * SAMPLES; place++) {
    const row = Math.floor(((Math.floor(place / SAMPLES) + 0.5) * grid.height) / SAMPLES);
    const column = Math.floor((((place % SAMPLES) + 0.5) * grid.width) / SAMPLES);
    const { columns, rows } = locate({ row, column, height: 2, width: 2 }, 0);
    const spread = (values: Float64Array): number => Math.max(...values) - Math.min(...values);
    if (Number.isFinite(spread(columns)) && Number.isFinite(spread(rows))) {
      across.push(spread(columns));
      down.push(spread(rows));
    }
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;
  return [median(across), median(down)];
}

/** The source pixels that a block may touch; undefined if it touches none. */
function boxAround({ columns, rows }: SourceCoordinates, margin: number, { width, height }: Grid): Box | undefined {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let index = 0; index < columns.length; index++) {
    const x = columns[index] as number;
    const y = rows[index] as number;
    // Places far outside need no pixels, and would make the box as large as the source.
    if (!(x > -margin && x < width + margin && y > -margin && y < height + margin)) continue;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (left === Infinity) return undefined;
  const column = Math.max(0, Math.floor(left) - margin);
  const row = Math.max(0, Math.floor(top) - margin);
  const endColumn = Math.min(width, Math.ceil(right) + margin);
  const endRow = Math.min(height, Math.ceil(bottom) + margin);
  return endColumn > column && endRow > row
    ? { row, column, height: endRow - row, width: endColumn - column }
    : undefined;
}

function quartersOf({ row, column, height, width }: Box): Box[] {
  const [top, left] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  return [
    { row, column, height: top, width: left },
    { row, column: column + left, height: top, width: width - left },
    { row: row + top, column, height: height - top, width: left },
    { row: row + top, column: column + left, height: height - top, width: width - left },
  ].filter((part) => part.height > 0 && part.width > 0);
}
