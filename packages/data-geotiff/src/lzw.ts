import { freshBytes } from "./fresh-bytes.js";
import { openKernel } from "./kernel/open-kernel.js";

/**
 * Undoes TIFF's LZW (most significant bit first, early code change) into at most `most` bytes.
 *
 * Source: TIFF 6.0, section 13.
 *
 * @returns fewer bytes if the input ends early; undefined if a code is impossible.
 */
export function decodeLzw(input: Uint8Array, most: number): Uint8Array<ArrayBuffer> | undefined {
  const kernel = openKernel(input.length, most);
  kernel.bytes.set(input, kernel.input);
  const length = kernel.decodeLzw(kernel.input, input.length, kernel.output, most);
  if (length < 0) return undefined;
  const output = freshBytes(length);
  output.set(kernel.bytes.subarray(kernel.output, kernel.output + length));
  return output;
}
