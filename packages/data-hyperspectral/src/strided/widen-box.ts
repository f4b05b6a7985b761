import { itemBytesOf, type StoredDtype } from "@graticule/data/arrays";
import type { ReadBox, WindowDims } from "./read-plan.js";
import type { Calibration, StridedLayout } from "./strided-layout.js";
import { openWidenKernel, STAGED_AT, type Widen, writeCalibration } from "./widen-memory.js";

/** Numbers that the kernel takes at a time: a box needs as many columns. */
export const LANES = 4;

/** The kernel's names of types: those that float32 holds exactly. */
const TYPE_NAMES: Partial<Record<StoredDtype, string>> = {
  uint8: "Uint8",
  int8: "Int8",
  uint16: "Uint16",
  int16: "Int16",
  float32: "Float32",
};

/** Brings the fetched numbers of a box of at least `LANES` columns to their places in the staged window. */
export type WidenBox = (box: ReadBox) => void;

/** Makes the kernel's way for a window; undefined where it has none: wide integers, float64, uncommon strides. */
export function makeWidenBox(
  layout: Pick<StridedLayout, "dtype" | "littleEndian" | "strides">,
  dims: WindowDims,
  calibration: Calibration,
): WidenBox | undefined {
  const { dtype, strides } = layout;
  const size = itemBytesOf(dtype);
  const name = TYPE_NAMES[dtype];
  if (name === undefined) return undefined;
  const type = layout.littleEndian || size === 1 ? name : `Swapped${name}`;
  const { band, row, column } = dims;
  const { memory, functions } = openWidenKernel();
  const [lines, lanes] = [functions[`lines${type}`] as Widen, functions[`lanes${type}`] as Widen];
  const [cal, calStride] = writeCalibration(memory, dims, calibration);
  const runEnds = findRunEnds(dims);

  /** Where a box's number of a band and row lies, and where its value goes. */
  const source = (box: ReadBox, b: number, r: number): number =>
    size *
    ((band.indices[b] as number) * band.stride +
      (row.indices[r] as number) * row.stride +
      (column.indices[box.column[0]] as number) * column.stride -
      box.first);
  const target = (box: ReadBox, b: number, r: number): number =>
    STAGED_AT +
    4 * ((band.targets[b] as number) + (row.targets[r] as number) + (column.targets[box.column[0]] as number));
  const planeBytes = 4 * row.indices.length * column.indices.length;
  const lineBytes = 4 * column.indices.length;

  function eachRun([from, to]: ReadBox["band"], most: number, visit: (from: number, count: number) => void): void {
    for (let at = from; at < to; ) {
      const end = Math.min(to, runEnds[at] as number, at + most);
      visit(at, end - at);
      at = end;
    }
  }

  if (strides.column === 1 && strides.row < strides.band)
    return (box) => {
      const [count, columns] = [box.row[1] - box.row[0], box.column[1] - box.column[0]];
      for (let b = box.band[0]; b < box.band[1]; b++) {
        const [from, to] = [source(box, b, box.row[0]), target(box, b, box.row[0])];
        lines(from, row.stride * size, to, lineBytes, count, columns, size, cal && cal + b * calStride, 0);
      }
    };
  if (strides.column === 1)
    return (box) => {
      const columns = box.column[1] - box.column[0];
      for (let r = box.row[0]; r < box.row[1]; r++)
        eachRun(box.band, Infinity, (b, count) => {
          const [from, to] = [source(box, b, r), target(box, b, r)];
          const entry = cal && cal + b * calStride;
          lines(from, band.stride * size, to, planeBytes, count, columns, size, entry, calStride);
        });
    };
  if (strides.band === 1)
    return (box) => {
      const columns = box.column[1] - box.column[0];
      for (let r = box.row[0]; r < box.row[1]; r++)
        eachRun(box.band, LANES, (b, count) => {
          const [from, to] = [source(box, b, r), target(box, b, r)];
          const entry = cal && cal + b * calStride;
          lanes(from, column.stride * size, to, planeBytes, count, columns, entry, calStride);
        });
    };
  if (strides.row === 1)
    return (box) => {
      const columns = box.column[1] - box.column[0];
      for (let b = box.band[0]; b < box.band[1]; b++)
        for (let r = box.row[0]; r < box.row[1]; r += LANES) {
          const [from, to, count] = [source(box, b, r), target(box, b, r), Math.min(LANES, box.row[1] - r)];
          lanes(from, column.stride * size, to, lineBytes, count, columns, cal && cal + b * calStride, 0);
        }
    };
  return undefined;
}

/** For each band of a window, the end of the run of neighbors, in storage and in the window, that it is in. */
function findRunEnds({ band, row, column }: WindowDims): Int32Array {
  const plane = row.indices.length * column.indices.length;
  const ends = new Int32Array(band.indices.length);
  for (let at = ends.length - 1, end = ends.length; at >= 0; at--) {
    ends[at] = end;
    const follows =
      band.indices[at] === (band.indices[at - 1] as number) + 1 &&
      band.targets[at] === (band.targets[at - 1] as number) + plane;
    if (!follows) end = at;
  }
  return ends;
}
