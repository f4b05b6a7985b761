import type { Box } from "@graticule/data";
import { itemBytesOf, type StoredValues, toStoredValues } from "@graticule/data/arrays";
import { type ByteReader, withByteReader } from "../byte-reader.js";
import { copyBox } from "./copy-box.js";
import { planReads, type ReadBox, windowDims } from "./read-plan.js";
import type { Calibration, StridedLayout } from "./strided-layout.js";
import { LANES, makeWidenBox } from "./widen-box.js";
import { FETCH_BYTES, openWidenKernel, STAGED_BANDS, STAGED_VALUES } from "./widen-memory.js";

/**
 * Reads bands of a window, into `room` if it is given. Shape: `[bands.length, window.height, window.width]`.
 */
export type StridedReader = (window: Box, bands: readonly number[], room?: Float32Array) => Float32Array;

/** Reading over this many unwanted bytes takes as long as one more call; measured on files in the page cache. */
const MAX_GAP_BYTES = 16_384;

/** Fills a buffer with bytes of a cube, from its first value's on. */
type Fetch = (bytes: Buffer, position: number) => void;

/**
 * Makes a reader of windows out of a file. It reads synchronously: a window takes many short reads, and a turn through
 * the thread pool costs twenty times what a read from the page cache does. The file is open only while a window is read.
 *
 * A file of at most `cacheBytes` is kept in memory from the first read on.
 */
export function makeFileReader(
  path: string,
  layout: StridedLayout,
  calibration: Calibration,
  cacheBytes: number,
): StridedReader {
  const length = layout.count * itemBytesOf(layout.dtype);
  let cached: Buffer | undefined;

  const fetchFrom =
    (file: ByteReader): Fetch =>
    (bytes, position) =>
      file.fill(bytes, layout.offset + position, "values");
  return (window, bands, room = new Float32Array(bands.length * window.height * window.width)) => {
    if (cached === undefined && length > cacheBytes)
      withByteReader(path, (file) => readWindow(fetchFrom(file), layout, calibration, window, bands, room));
    else {
      cached ??= withByteReader(path, (file) => {
        const bytes = Buffer.allocUnsafeSlow(length);
        fetchFrom(file)(bytes, 0);
        return bytes;
      });
      const whole = cached;
      const fetch: Fetch = (bytes, position) => whole.copy(bytes, 0, position);
      readWindow(fetch, layout, calibration, window, bands, room);
    }
    return room;
  };
}

/**
 * Reads by stripes of rows, which the kernel's memory holds; a window whose rows are too long for it, or whose numbers
 * float32 doesn't hold, is read straight into `output`.
 */
function readWindow(
  fetch: Fetch,
  layout: StridedLayout,
  calibration: Calibration,
  window: Box,
  bands: readonly number[],
  output: Float32Array,
): void {
  const { dtype, littleEndian } = layout;
  const size = itemBytesOf(dtype);
  const { fetched, staged } = openWidenKernel();
  const bytesOf = ({ first, count }: ReadBox): Buffer => {
    const bytes = fetched.subarray(0, count * size);
    fetch(bytes, first * size);
    return bytes;
  };
  const stripeRows = Math.min(window.height, Math.floor(STAGED_VALUES / (bands.length * window.width)));
  const fits = stripeRows > 0 && bands.length <= STAGED_BANDS;
  for (let row = 0; row < window.height; row += fits ? stripeRows : window.height) {
    const height = fits ? Math.min(stripeRows, window.height - row) : window.height;
    const dims = windowDims(layout, { ...window, row: window.row + row, height }, bands);
    const widen = fits ? makeWidenBox(layout, dims, calibration) : undefined;
    const target = fits ? staged : output;
    for (const box of planReads(dims, MAX_GAP_BYTES / size, FETCH_BYTES / size)) {
      const bytes = bytesOf(box);
      if (widen && box.column[1] - box.column[0] >= LANES) widen(box);
      else copyBox(toStoredValues(bytes, dtype, littleEndian), 0, box, dims, calibration, target);
    }
    if (!fits) return;
    const part = height * window.width;
    if (height === window.height) output.set(staged.subarray(0, bands.length * part));
    else
      for (let band = 0; band < bands.length; band++)
        output.set(
          staged.subarray(band * part, (band + 1) * part),
          band * window.height * window.width + row * window.width,
        );
  }
}

/** Reads a window of numbers in memory, which hold the whole cube from its first value on. */
export function readMemory(
  stored: StoredValues,
  layout: Pick<StridedLayout, "strides">,
  calibration: Calibration,
  window: Box,
  bands: readonly number[],
): Float32Array {
  const dims = windowDims(layout, window, bands);
  const output = new Float32Array(bands.length * window.height * window.width);
  for (const box of planReads(dims, Infinity, Infinity)) copyBox(stored, box.first, box, dims, calibration, output);
  return output;
}
