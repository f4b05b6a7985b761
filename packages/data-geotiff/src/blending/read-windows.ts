import type { Box, Image } from "@graticule/data";
import type { RasterLevel } from "../raster-level.js";
import type { WindowPlan } from "./window-plan.js";

/** A window's pixels, and which of its cells have data. */
export interface ReadWindow {
  readonly window: Box;
  /** Absent where no pixel has data. Shape: `[C, window.height, window.width]`; NaN where a band has none. */
  readonly image?: Image;
  /** 1 for each cell of which a pixel has data in any band. Shape: `[rows, columns]`. */
  readonly valid: Uint8Array;
}

/**
 * Reads windows that follow one another in a plan. Neighbors in a row are read together, so that shared pixels are decoded
 * once. What reaches beyond the raster is its mirror image, as if it went on; those cells have no data.
 *
 * @param bands zero-based.
 */
export async function readWindows(
  raster: Pick<RasterLevel, "readWindow">,
  bands: readonly number[],
  plan: WindowPlan,
  first: number,
  end: number,
): Promise<ReadWindow[]> {
  const read: ReadWindow[] = [];
  for (let from = first; from < end; ) {
    let to = from + 1;
    const { row, column } = plan.window(from);
    while (to < end && plan.window(to).row === row) to += 1;
    const last = plan.window(to - 1);
    const box = {
      row,
      column,
      height: Math.min(last.height, plan.height - row),
      width: Math.min(last.column + last.width, plan.width) - column,
    };
    const pixels = await raster.readWindow({ ...box, bands });
    for (; from < to; from++) read.push(cutWindow(pixels, bands.length, box, plan.window(from), plan));
  }
  return read;
}

function cutWindow(pixels: Float32Array, channels: number, box: Box, window: Box, plan: WindowPlan): ReadWindow {
  const { height, width } = window;
  const offset = window.column - box.column;
  const rows = Math.min(height, box.height);
  const columns = Math.min(width, box.width - offset);
  const cut = new Float32Array(channels * height * width);
  const mirroredRows = Array.from({ length: height }, (_, y) => mirror(y, rows));
  const mirroredColumns = Array.from({ length: width - columns }, (_, x) => mirror(columns + x, columns));
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < height; y++) {
      const from = (channel * box.height + (mirroredRows[y] as number)) * box.width + offset;
      const to = (channel * height + y) * width;
      cut.set(pixels.subarray(from, from + columns), to);
      for (const [x, source] of mirroredColumns.entries()) cut[to + columns + x] = pixels[from + source] as number;
    }
  const valid = validCells(cut, channels, window, [rows, columns], plan.cellSize);
  return { window, valid, ...(valid.includes(1) && { image: { pixels: cut, shape: [channels, height, width] } }) };
}

/** Which cells have data, of the part of a window inside the raster. */
function validCells(
  pixels: Float32Array,
  channels: number,
  { height, width }: Box,
  [rows, columns]: readonly [number, number],
  cellSize: number,
): Uint8Array {
  const across = width / cellSize;
  const valid = new Uint8Array((height / cellSize) * across);
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < rows; y++) {
      const from = (channel * height + y) * width;
      const cells = Math.floor(y / cellSize) * across;
      for (let x = 0; x < columns; x++) {
        const value = pixels[from + x] as number;
        if (!Number.isNaN(value)) valid[cells + Math.floor(x / cellSize)] = 1;
      }
    }
  return valid;
}

/** The place that stands for one beyond the end, back and forth without repeating the edge: 0 1 2 1 0 1 … */
function mirror(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const place = index % period;
  return place < length ? place : period - place;
}
