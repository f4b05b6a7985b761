import type { Box } from "@graticule/data";
import type { BlockValues } from "./tiff-block.js";

/**
 * Copies the part of a decoded block that lies in a window, as float32, nodata as NaN.
 *
 * @param values `[rows, columns, samplesPerPixel]`; undefined for a block that the file leaves out.
 * @param bands samples to copy, in order. @param output `[bands.length, window.height, window.width]`.
 */
export function copyBlock(
  values: BlockValues | undefined,
  block: Box,
  bands: readonly number[],
  samplesPerPixel: number,
  window: Box,
  output: Float32Array,
  nodata: number | undefined,
): void {
  const firstRow = Math.max(block.row, window.row);
  const lastRow = Math.min(block.row + block.height, window.row + window.height);
  const firstColumn = Math.max(block.column, window.column);
  const count = Math.min(block.column + block.width, window.column + window.width) - firstColumn;
  // The text of a float32 file's nodata has more digits than its pixels.
  const missing = nodata === undefined ? NaN : values instanceof Float32Array ? Math.fround(nodata) : nodata;
  for (const [position, band] of bands.entries())
    for (let row = firstRow; row < lastRow; row++) {
      let to = (position * window.height + row - window.row) * window.width + firstColumn - window.column;
      if (values === undefined) {
        output.fill(nodata === undefined ? 0 : NaN, to, to + count);
        continue;
      }
      let from = ((row - block.row) * block.width + firstColumn - block.column) * samplesPerPixel + band;
      for (let column = 0; column < count; column++, from += samplesPerPixel) {
        const value = values[from] as number;
        output[to++] = value === missing ? NaN : value;
      }
    }
}
