import { ShapeError } from "@graticule/core";
import { compressPixels, joinChunks, makeChunk, makeHeader } from "./png-chunks.js";

/**
 * Writes 8-bit RGB pixels as a PNG file; the same pixels give the same bytes.
 *
 * Layout: `pixels [H, W, 3]`, row-major from the top.
 * Source: W3C PNG specification, third edition.
 *
 * @throws {ShapeError} if there are not width · height · 3 bytes, or none.
 */
export function encodePng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  if (pixels.length !== width * height * 3 || pixels.length === 0)
    throw new ShapeError(
      "encodePng",
      `pixels [${height}, ${width}, 3]`,
      `${pixels.length} bytes`,
      "Give three bytes a pixel.",
    );
  return joinChunks([
    makeHeader(width, height),
    makeChunk("IDAT", compressPixels(pixels, width, height)),
    makeChunk("IEND", new Uint8Array(0)),
  ]);
}
