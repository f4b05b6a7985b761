import { FormatError } from "@graticule/core";
import { COMPRESSION } from "../compression-codes.js";
import type { TiffLayout } from "../tiff-layout.js";
import { tooFewBytes } from "../too-few-bytes.js";
import type { BlockKernel } from "./open-kernel.js";

const IN_KERNEL: readonly number[] = [COMPRESSION.lzw, COMPRESSION.deflate, COMPRESSION.oldDeflate];

/** Whether the kernel knows a block's compression: LZW and deflate. */
export function isUnpackedInKernel({ compression }: TiffLayout): boolean {
  return IN_KERNEL.includes(compression);
}

/**
 * Decompresses a block to the kernel's output, where `needed` bytes must then be.
 *
 * Source: TIFF 6.0, section 13.
 */
export function unpackInKernel(
  path: string,
  { compression }: TiffLayout,
  compressed: Uint8Array,
  kernel: BlockKernel,
  needed: number,
  most: number,
): void {
  if (compression !== COMPRESSION.lzw) {
    const length = inflateInKernel(path, compressed, kernel, most);
    if (length < needed) throw tooFewBytes(path, needed, `${length}`);
    return;
  }
  kernel.bytes.set(compressed, kernel.input);
  const length = kernel.decodeLzw(kernel.input, compressed.length, kernel.output, needed);
  if (length !== needed) throw tooFewBytes(path, needed, length < 0 ? "an impossible code" : `${length}`);
}

/** Of `inflateZlib`, by what it gives below zero. */
const PROBLEMS = ["", "bytes that no deflate gives", "an early end", "more"];

/** Inflates at most `most` bytes to the kernel's output and gives their number. */
export function inflateInKernel(path: string, compressed: Uint8Array, kernel: BlockKernel, most: number): number {
  kernel.bytes.set(compressed, kernel.input);
  const length = kernel.inflateZlib(kernel.input, compressed.length, kernel.output, most);
  if (length >= 0) return length;
  throw new FormatError(
    path,
    `a readable deflate block of at most ${most} bytes`,
    PROBLEMS[-length] as string,
    "The file is truncated or corrupt.",
  );
}
