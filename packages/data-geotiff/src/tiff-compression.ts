import { FormatError } from "@graticule/core";
import { COMPRESSION } from "./compression-codes.js";
import { freshBytes } from "./fresh-bytes.js";
import { decodeImageBlock } from "./image-block.js";
import { openKernel } from "./kernel/open-kernel.js";
import { inflateInKernel } from "./kernel/unpack-in-kernel.js";
import { decodeLerc } from "./lerc-block.js";
import { decodePackBits } from "./packbits.js";
import { rowBytes, type TiffLayout } from "./tiff-layout.js";
import { tooFewBytes } from "./too-few-bytes.js";
import { decodeZstd } from "./zstd.js";

const UNSUPPORTED: Readonly<Record<number, string>> = {
  2: "CCITT",
  3: "CCITT fax 3",
  4: "CCITT fax 4",
  6: "old-style JPEG",
  34712: "JPEG 2000",
  34925: "LZMA",
  50002: "JPEG XL",
};

/** Codecs that give samples in this machine's byte order, whatever the file's. */
export function isNativeOrder({ compression }: TiffLayout): boolean {
  return compression === COMPRESSION.jpeg || compression === COMPRESSION.webp || compression === COMPRESSION.lerc;
}

/**
 * Decompresses `rows` rows of a block into a buffer of their own, other than what is unpacked in the kernel.
 *
 * @throws {FormatError} if the compression is unsupported, or the bytes are corrupt or too few.
 */
export async function decompressBlock(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const needed = rows * rowBytes(layout);
  const most = layout.blockHeight * rowBytes(layout);
  switch (layout.compression) {
    case COMPRESSION.jpeg:
    case COMPRESSION.webp:
      return decodeImageBlock(path, layout, compressed, rows);
    case COMPRESSION.lerc:
      return decodeLerc(path, layout, await unwrapLerc(path, layout, compressed, most), rows);
    case COMPRESSION.zstd:
      return exactly(path, await decodeZstd(path, compressed, most), needed);
    case COMPRESSION.none:
      // The bytes belong to the source, so what changes them in place needs a copy.
      return layout.littleEndian && layout.predictor === 1
        ? exactly(path, compressed, needed)
        : new Uint8Array(exactly(path, compressed, needed));
    case COMPRESSION.packBits:
      return exactly(path, decodePackBits(compressed, needed), needed);
    default:
      throw new FormatError(
        path,
        "compression none, LZW, deflate, PackBits, JPEG, WebP, LERC or Zstandard",
        UNSUPPORTED[layout.compression] ?? `code ${layout.compression}`,
        "Convert the file, e.g. with gdal_translate -co COMPRESS=DEFLATE.",
      );
  }
}

/** A LERC block may be larger than its pixels by its header and mask. Units: bytes. */
const LERC_EXTRA_BYTES = 2 ** 16;

async function unwrapLerc(path: string, layout: TiffLayout, bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const limit = 2 * most + LERC_EXTRA_BYTES;
  if (layout.lercCompression === 0) return bytes;
  if (layout.lercCompression === 1) return inflate(path, bytes, limit);
  return decodeZstd(path, bytes, limit);
}

function inflate(path: string, compressed: Uint8Array, most: number): Uint8Array {
  const kernel = openKernel(compressed.length, most);
  const length = inflateInKernel(path, compressed, kernel, most);
  const bytes = freshBytes(length);
  bytes.set(kernel.bytes.subarray(kernel.output, kernel.output + length));
  return bytes;
}

/** The first `needed` bytes, aligned for any sample type. */
function exactly(path: string, bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  if (bytes.length < needed) throw tooFewBytes(path, needed, `${bytes.length}`);
  const wanted = bytes.subarray(0, needed) as Uint8Array<ArrayBuffer>;
  return wanted.byteOffset % 8 === 0 ? wanted : new Uint8Array(wanted);
}
