import type { Box } from "@graticule/data";
import { type ByteReader, withByteReader } from "../byte-reader.js";
import { copyBox } from "./copy-box.js";
import { planReads, windowDims } from "./read-plan.js";
import { type StoredNumbers, viewStoredNumbers } from "./stored-numbers.js";
import { type Calibration, STORED_BYTES, type StridedLayout } from "./strided-layout.js";

/** Reads bands of a window. Shape: `[bands.length, window.height, window.width]`. */
export type StridedReader = (window: Box, bands: readonly number[]) => Float32Array;

/** Reading over this many unwanted bytes takes as long as one more call; measured on files in the page cache. */
const MAX_GAP_BYTES = 16_384;
/** Most bytes of one call, so that what is copied stays in the processor's cache. */
const MAX_READ_BYTES = 2 ** 19;

/** One buffer a thread: reads are synchronous, so no two windows use it at once. */
const scratch = Buffer.allocUnsafeSlow(MAX_READ_BYTES);

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
  const size = STORED_BYTES[layout.dtype];
  let cached: StoredNumbers | undefined;

  function fetch(file: ByteReader, first: number, count: number, buffer: Buffer): StoredNumbers {
    const bytes = buffer.subarray(0, count * size);
    file.fill(bytes, layout.offset + first * size, "values");
    return viewStoredNumbers(bytes, layout.dtype, layout.littleEndian);
  }

  return (window, bands) => {
    if (cached !== undefined) return readMemory(cached, layout, calibration, window, bands);
    return withByteReader(path, (file) => {
      if (layout.count * size <= cacheBytes) {
        cached = fetch(file, 0, layout.count, Buffer.allocUnsafeSlow(layout.count * size));
        return readMemory(cached, layout, calibration, window, bands);
      }
      const dims = windowDims(layout, window, bands);
      const output = new Float32Array(bands.length * window.height * window.width);
      for (const box of planReads(dims, MAX_GAP_BYTES / size, MAX_READ_BYTES / size))
        copyBox(fetch(file, box.first, box.count, scratch), 0, box, dims, calibration, output);
      return output;
    });
  };
}

/** Reads a window of numbers in memory, which hold the whole cube from its first value on. */
export function readMemory(
  stored: StoredNumbers,
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
