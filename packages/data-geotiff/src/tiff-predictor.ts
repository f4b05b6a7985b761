import { openKernel } from "./kernel/open-kernel.js";

/**
 * Undoes horizontal differencing (TIFF predictor 2) in place, row by row; integers of any type wrap around.
 *
 * @param bytes the block's samples in native byte order. @param stride samples from one pixel to the next.
 */
export function undoHorizontalDifferences(
  bytes: Uint8Array,
  rowLength: number,
  stride: number,
  sampleBytes: number,
): void {
  const { bytes: memory, output, ...kernel } = openKernel(0, bytes.length);
  const rows = Math.floor(bytes.length / (rowLength * sampleBytes));
  memory.set(bytes, output);
  if (sampleBytes === 1) kernel.undoDifferences8(output, rows, rowLength, stride);
  else if (sampleBytes === 2) kernel.undoDifferences16(output, rows, rowLength, stride);
  else if (sampleBytes === 4) kernel.undoDifferences32(output, rows, rowLength, stride);
  else kernel.undoDifferences64(output, rows, rowLength, stride);
  bytes.set(memory.subarray(output, output + bytes.length));
}

/**
 * Undoes the floating-point predictor (3) in place: bytes are differenced and stored as planes, most significant
 * first. The result is little-endian whatever the file's byte order. Source: Adobe TIFF Technical Note 3 (2005).
 */
export function undoFloatPredictor(bytes: Uint8Array, rowLength: number, stride: number, sampleBytes: number): void {
  const { bytes: memory, input, output, undoFloats } = openKernel(bytes.length, bytes.length);
  memory.set(bytes, input);
  undoFloats(input, output, Math.floor(bytes.length / (rowLength * sampleBytes)), rowLength, stride, sampleBytes);
  bytes.set(memory.subarray(output, output + bytes.length));
}
