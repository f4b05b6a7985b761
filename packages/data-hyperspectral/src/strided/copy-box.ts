import type { StoredValues } from "@graticule/data/arrays";
import type { ReadBox, WindowDims } from "./read-plan.js";
import type { Calibration } from "./strided-layout.js";

/**
 * Copies a box of stored numbers to its places in a window. The innermost loop runs along the window's rows, so that
 * writes are consecutive whatever the storage order.
 *
 * @param start index in `stored` of the box's first value. @param output `[C, H, W]`.
 */
export function copyBox(
  stored: StoredValues,
  start: number,
  box: ReadBox,
  dims: WindowDims,
  calibration: Calibration,
  output: Float32Array,
): void {
  const { gains, offsets, missing = NaN } = calibration;
  const plain = gains === undefined && offsets === undefined && Number.isNaN(missing);
  const { band, row, column } = dims;
  const shift = start - box.first;
  const step = column.stride;
  const columns = box.column[1] - box.column[0];
  const firstColumn = (column.indices[box.column[0]] as number) * step + shift;
  const firstTarget = column.targets[box.column[0]] as number;
  for (let b = box.band[0]; b < box.band[1]; b++) {
    const index = band.indices[b] as number;
    const gain = gains === undefined ? 1 : (gains[index] as number);
    const offset = offsets === undefined ? 0 : (offsets[index] as number);
    for (let r = box.row[0]; r < box.row[1]; r++) {
      const from = index * band.stride + (row.indices[r] as number) * row.stride + firstColumn;
      const to = (band.targets[b] as number) + (row.targets[r] as number) + firstTarget;
      if (plain) copyRun(stored, from, step, output, to, columns);
      else calibrateRun(stored, from, step, output, to, columns, gain, offset, missing);
    }
  }
}

function copyRun(
  stored: StoredValues,
  from: number,
  step: number,
  output: Float32Array,
  to: number,
  count: number,
): void {
  for (let at = 0; at < count; at++) output[to + at] = stored[from + at * step] as number;
}

function calibrateRun(
  stored: StoredValues,
  from: number,
  step: number,
  output: Float32Array,
  to: number,
  count: number,
  gain: number,
  offset: number,
  missing: number,
): void {
  for (let at = 0; at < count; at++) {
    const value = stored[from + at * step] as number;
    output[to + at] = value === missing ? NaN : value * gain + offset;
  }
}
