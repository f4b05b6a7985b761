import type { Box } from "@graticule/data";
import type { BandSelection } from "../band-selection.js";
import { sameCrs } from "../crs/crs.js";
import { type Bounds, boundsIn, type Grid } from "../grid/grid.js";
import { type GridMethod, resampleToGrid } from "../grid/resample-to-grid.js";
import type { Scene } from "./scenes.js";

/** Offsets nearer to whole pixels than this are whole: coordinates are rounded in files. */
const ALIGNED_PIXELS = 1e-3;

/**
 * Reads a grid from scenes: where they overlap, the first that has a value. Pixels of a scene whose grid agrees are
 * copied; another scene is resampled. What no scene covers is NaN.
 *
 * Shape: `[C, grid.height, grid.width]`.
 */
export async function readPatch(
  scenes: readonly Scene[],
  grid: Grid,
  bands: BandSelection,
  method: GridMethod,
): Promise<Float32Array> {
  const values = new Float32Array(bands.length * grid.height * grid.width).fill(NaN);
  const bounds = boundsIn(grid);
  let missing = values.length;
  for (const scene of scenes) {
    if (missing === 0) break;
    if (!overlap(scene.bounds, bounds)) continue;
    const offset = alignedOffset(scene.grid, grid);
    const found =
      offset === undefined
        ? await resampleToGrid(scene.raster, grid, { method, bands })
        : await readAligned(scene, grid, offset, bands);
    missing = 0;
    for (let index = 0; index < values.length; index++) {
      if (Number.isNaN(values[index])) values[index] = found[index] as number;
      if (Number.isNaN(values[index])) missing += 1;
    }
  }
  return values;
}

/** Where a grid's first pixel lies in a scene, if both have the same pixels. */
function alignedOffset(scene: Grid, grid: Grid): { row: number; column: number } | undefined {
  const [x, width, rowRotation, y, columnRotation, height] = scene.transform;
  const [gridX, ...gridSteps] = grid.transform;
  const [gridWidth, gridRowRotation, gridY, gridColumnRotation, gridHeight] = gridSteps;
  if (rowRotation !== 0 || columnRotation !== 0 || gridRowRotation !== 0 || gridColumnRotation !== 0) return undefined;
  const drift =
    Math.max(grid.width, grid.height) * Math.max(Math.abs(gridWidth / width - 1), Math.abs(gridHeight / height - 1));
  if (!sameCrs(scene.crs, grid.crs) || !(drift < ALIGNED_PIXELS)) return undefined;
  const [column, row] = [(gridX - x) / width, (gridY - y) / height];
  const isWhole = (offset: number): boolean => Math.abs(offset - Math.round(offset)) < ALIGNED_PIXELS;
  return isWhole(column) && isWhole(row) ? { row: Math.round(row), column: Math.round(column) } : undefined;
}

async function readAligned(
  { raster }: Scene,
  grid: Grid,
  offset: { readonly row: number; readonly column: number },
  bands: BandSelection,
): Promise<Float32Array> {
  const row = Math.max(0, offset.row);
  const column = Math.max(0, offset.column);
  const window: Box = {
    row,
    column,
    height: Math.min(raster.height, offset.row + grid.height) - row,
    width: Math.min(raster.width, offset.column + grid.width) - column,
  };
  const values = new Float32Array(bands.length * grid.height * grid.width).fill(NaN);
  if (window.height <= 0 || window.width <= 0) return values;
  const pixels = await raster.readWindow({ ...window, bands });
  if (pixels.length === values.length) return pixels;
  for (let line = 0; line < bands.length * window.height; line++) {
    const band = Math.floor(line / window.height);
    const to = (band * grid.height + row - offset.row + (line % window.height)) * grid.width + column - offset.column;
    values.set(pixels.subarray(line * window.width, (line + 1) * window.width), to);
  }
  return values;
}

/** True if two bounds in degrees share a place; bounds across the dateline are two. */
function overlap(a: Bounds, b: Bounds): boolean {
  const split = ([west, south, east, north]: Bounds): Bounds[] =>
    west <= east
      ? [[west, south, east, north]]
      : [
          [west, south, 180, north],
          [-180, south, east, north],
        ];
  return split(a).some((one) =>
    split(b).some((other) => one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3]),
  );
}
