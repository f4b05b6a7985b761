import { FormatError } from "@graticule/core";
import { type BlockKernel, ROOM_BYTES } from "./kernel/open-kernel.js";
import type { TiffLayout } from "./tiff-layout.js";

/**
 * Undoes a block's predictor in the kernel's memory: differences of samples from one pixel to the next (2), or of the
 * bytes of floats that are stored as planes, most significant first (3).
 *
 * Source: TIFF 6.0, section 14; Adobe TIFF Technical Note 3 (2005).
 *
 * @param at where its samples lie, in native byte order unless they are planes. @param length of them, in bytes.
 * @returns where they lie then: there, or behind by `length` and the kernel's room.
 */
export function undoPredictor(
  path: string,
  { predictor, dtype, sampleBits, blockWidth, planar, bands }: TiffLayout,
  kernel: BlockKernel,
  at: number,
  length: number,
): number {
  if (predictor === 1) return at;
  const sampleBytes = sampleBits / 8;
  const stride = planar ? 1 : bands;
  const rowLength = blockWidth * stride;
  const rows = Math.floor(length / (rowLength * sampleBytes));
  const isFloat = dtype.startsWith("float");
  if (predictor === 2 && !isFloat) {
    if (sampleBytes === 1) kernel.undoDifferences8(at, rows, rowLength, stride);
    else if (sampleBytes === 2) kernel.undoDifferences16(at, rows, rowLength, stride);
    else if (sampleBytes === 4) kernel.undoDifferences32(at, rows, rowLength, stride);
    else kernel.undoDifferences64(at, rows, rowLength, stride);
    return at;
  }
  if (predictor === 3 && isFloat) {
    const to = at + length + ROOM_BYTES;
    kernel.undoFloats(at, to, rows, rowLength, stride, sampleBytes);
    return to;
  }
  throw new FormatError(
    path,
    "predictor 1, 2 for integers or 3 for floats",
    `${predictor} for ${dtype}`,
    "Convert the file, e.g. with gdal_translate.",
  );
}
