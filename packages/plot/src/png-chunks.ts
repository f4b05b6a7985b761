import { deflateSync } from "node:zlib";
import { crc32 } from "@graticule/core";

const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOR_TYPE_RGB = 2;
/** Each byte minus the one above it: rows that repeat, as in enlarged pixels, become zeros. */
const FILTER_UP = 2;

/** One chunk: length, type, data, checksum. */
export function makeChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

/** The header of an 8-bit RGB image. */
export function makeHeader(width: number, height: number): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // bits a channel
  header[9] = COLOR_TYPE_RGB;
  return makeChunk("IHDR", header);
}

/** Filters and compresses pixels `[H, W, 3]`. */
export function compressPixels(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const stride = width * 3;
  const rows = new Uint8Array(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    const start = row * (stride + 1);
    rows[start] = FILTER_UP;
    for (let index = 0; index < stride; index++) {
      const above = row > 0 ? (pixels[(row - 1) * stride + index] as number) : 0;
      rows[start + 1 + index] = (pixels[row * stride + index] as number) - above;
    }
  }
  return deflateSync(rows, { level: 9 });
}

/** Joins the signature and chunks to a file. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const parts = [PNG_SIGNATURE, ...chunks];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.length;
  }
  return file;
}
