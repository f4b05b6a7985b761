import { openJpegKernel } from "../kernel/jpeg/open-jpeg-kernel.js";
import type { JpegHeader, JpegScan } from "./jpeg-header.js";

/** What the kernel says instead of a number of rows, from −1 down. */
const FAILURES = [
  "premature end of JPEG image",
  "an impossible Huffman code",
  "a block of more than 64 coefficients",
  "no restart marker where one is due",
];
/** The shortest codes that a block can be of. */
const MIN_BLOCK_BITS = 2;

/**
 * Decodes a JPEG of one scan, to the same pixels as libjpeg-turbo does by default.
 *
 * Layout: `[H, W, components]`, row-major.
 *
 * @throws {Error} saying what is wrong if the scan is truncated or corrupt.
 */
export function decodeJpeg(
  bytes: Uint8Array,
  { width, height, components }: JpegHeader,
  scan: JpegScan,
): Uint8Array<ArrayBuffer> {
  const [down, across] = scan.luma;
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  const blocks = units * (down * across + components - 1);
  // Before memory is taken for pixels that can't be there.
  if (blocks * MIN_BLOCK_BITS > (bytes.length - scan.start) * 8) throw new Error(FAILURES[0]);
  const { functions, memory, input, free } = openJpegKernel(bytes.length);
  new Uint8Array(memory.buffer, input).set(bytes);
  for (const [slot, at] of scan.huffman)
    if (!functions.setHuffman(slot, input + at)) throw new Error("an impossible Huffman table");
  for (const [index, { quantization, isWide, dc, ac }] of scan.components.entries())
    functions.setComponent(index, input + quantization, isWide, dc, ac);
  const shape = [width, height, components, across, down, scan.isYcc] as const;
  const places = [input + scan.start, input + bytes.length, free] as const;
  const rowsAt = functions.openScan(...shape, scan.restartInterval, ...places);
  const pixels = new Uint8Array(width * height * components);
  for (let filled = 0; filled < pixels.length; ) {
    const rows = functions.decodeRows();
    if (rows < 0) throw new Error(FAILURES[-1 - rows]);
    const length = rows * width * components;
    pixels.set(new Uint8Array(memory.buffer, rowsAt, length), filled);
    filled += length;
  }
  return pixels;
}
