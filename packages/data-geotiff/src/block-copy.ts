import type { Box } from "@graticule/data";
import type { BlockValues } from "./tiff-block.js";

/**
 * Copies the part of a decoded block that lies in a window, as float32, nodata as NaN.
 *
 * @param values `[rows, columns, samplesPerPixel]`; undefined for a block that the file leaves out.
 * @param samples which to copy, in order. @param output `[samples.length, window.height, window.width]`.
 */
export function copyBlock(
  values: BlockValues | undefined,
  block: Box,
  samples: readonly number[],
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
  const plane = window.height * window.width;
  for (let row = firstRow; row < lastRow; row++) {
    const toRow = (row - window.row) * window.width + firstColumn - window.column;
    const fromRow = ((row - block.row) * block.width + firstColumn - block.column) * samplesPerPixel;
    for (let position = 0; position < samples.length; position++) {
      const to = position * plane + toRow;
      const from = fromRow + (samples[position] as number);
      if (values === undefined) output.fill(nodata === undefined ? 0 : NaN, to, to + count);
      else if (samplesPerPixel === 1 && Number.isNaN(missing)) output.set(values.subarray(from, from + count), to);
      else if (Number.isNaN(missing)) copyStrided(values, from, samplesPerPixel, output, to, count);
      else copyValid(values, from, samplesPerPixel, output, to, count, missing);
    }
  }
}

function copyStrided(
  values: BlockValues,
  from: number,
  stride: number,
  output: Float32Array,
  to: number,
  count: number,
): void {
  for (let index = 0, at = from; index < count; index++, at += stride) output[to + index] = values[at] as number;
}

function copyValid(
  values: BlockValues,
  from: number,
  stride: number,
  output: Float32Array,
  to: number,
  count: number,
  missing: number,
): void {
  for (let index = 0, at = from; index < count; index++, at += stride) {
    const value = values[at] as number;
    output[to + index] = value === missing ? NaN : value;
  }
}
