import { inflateSync } from "node:zlib";
import { FormatError } from "@graticule/core";
import sharp from "sharp";
import { firstLine } from "./file-bytes.js";
import { decodeLzw } from "./lzw.js";
import { decodePackBits } from "./packbits.js";
import type { TiffLayout } from "./tiff-layout.js";
import { undoFloatPredictor, undoHorizontalDifferences } from "./tiff-predictor.js";
import { decodeZstd } from "./zstd.js";

export type BlockValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

const NONE = 1;
const LZW = 5;
const JPEG = 7;
const DEFLATE = [8, 32946];
const PACKBITS = 32773;
const ZSTD = 50000;
const WEBP = 50001;
const NAMES: Readonly<Record<number, string>> = {
  2: "CCITT",
  3: "CCITT fax 3",
  4: "CCITT fax 4",
  6: "old-style JPEG",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50002: "JPEG XL",
};

/**
 * Decompresses one block of a TIFF and undoes its predictor.
 *
 * @param rows number of rows that the block must hold; a last strip is shorter than the others.
 * @returns samples in native byte order, `[rows, blockWidth, bands]`, or `[rows, blockWidth]` if planar.
 * @throws {FormatError} if the compression is unsupported, or the bytes are corrupt or too few.
 */
export async function decodeTiffBlock(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
): Promise<BlockValues> {
  const { compression, sampleBytes, predictor, blockWidth } = layout;
  const samplesPerPixel = layout.planar ? 1 : layout.bands;
  const rowLength = blockWidth * samplesPerPixel;
  const needed = rows * rowLength * sampleBytes;
  const bytes = await decompress(path, layout, compressed, needed, rows);
  const swap =
    !layout.littleEndian && predictor !== 3 && sampleBytes > 1 && compression !== JPEG && compression !== WEBP;
  if (swap) swapBytes(bytes, sampleBytes);
  const values = new ARRAYS[layout.dtype](bytes.buffer, bytes.byteOffset, bytes.length / sampleBytes);
  if (predictor === 3) undoFloatPredictor(bytes, rowLength, samplesPerPixel, sampleBytes);
  else if (predictor === 2 && !(values instanceof Float32Array) && !(values instanceof Float64Array))
    undoHorizontalDifferences(values, rowLength, samplesPerPixel);
  else if (predictor !== 1)
    throw new FormatError(
      path,
      "predictor 1, 2 or 3",
      `${predictor} for ${layout.dtype}`,
      "Convert the file, e.g. with gdal_translate.",
    );
  return values;
}

/** Decompresses to exactly `needed` bytes in a buffer of their own. */
async function decompress(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  needed: number,
  rows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { compression } = layout;
  if (compression === JPEG || compression === WEBP) return decodeImageBlock(path, layout, compressed, rows);
  if (DEFLATE.includes(compression)) return exactly(path, inflate(path, layout, compressed), needed);
  if (compression === ZSTD) return exactly(path, await decodeZstd(path, compressed, fullBlockBytes(layout)), needed);
  const output = new Uint8Array(needed);
  const decoders: Readonly<Record<number, () => number>> = {
    [NONE]: () => {
      output.set(compressed.subarray(0, needed));
      return Math.min(needed, compressed.length);
    },
    [LZW]: () => decodeLzw(compressed, output),
    [PACKBITS]: () => decodePackBits(compressed, output),
  };
  const decode = decoders[compression];
  if (decode === undefined)
    throw new FormatError(
      path,
      "compression none, LZW, deflate, PackBits, JPEG, WebP or Zstandard",
      NAMES[compression] ?? `code ${compression}`,
      "Convert the file, e.g. with gdal_translate -co COMPRESS=DEFLATE.",
    );
  const written = decode();
  if (written !== needed) throw blockError(path, needed, written < 0 ? "an impossible code" : `${written}`);
  return output;
}

const fullBlockBytes = (layout: TiffLayout): number =>
  layout.blockWidth * layout.blockHeight * (layout.planar ? 1 : layout.bands) * layout.sampleBytes;

function inflate(path: string, layout: TiffLayout, compressed: Uint8Array): Uint8Array {
  try {
    return inflateSync(compressed, { maxOutputLength: fullBlockBytes(layout) });
  } catch (cause) {
    throw blockError(path, fullBlockBytes(layout), (cause as Error).message, cause);
  }
}

function exactly(path: string, bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  if (bytes.length < needed) throw blockError(path, needed, `${bytes.length}`);
  // A copy of its own is aligned for any sample type; zlib's output may share a pool.
  return new Uint8Array(bytes.subarray(0, needed));
}

function blockError(path: string, needed: number, got: string, cause?: unknown): FormatError {
  return new FormatError(path, `a block of ${needed} bytes`, got, "The file is truncated or corrupt.", { cause });
}

/** Decodes a block that is itself a JPEG or WebP image. JPEG tables stored once in the directory are spliced in. */
async function decodeImageBlock(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bands = layout.planar ? 1 : layout.bands;
  const { blockWidth } = layout;
  if (layout.dtype !== "uint8" || ![1, 3, 4].includes(bands))
    throw new FormatError(path, "JPEG and WebP blocks of 1, 3 or 4 uint8 bands", `${bands} of ${layout.dtype}`);
  const isJpeg = layout.compression === JPEG;
  const bytes = isJpeg ? spliceJpegTables(layout, compressed) : compressed;
  try {
    const image = sharp(bytes, { limitInputPixels: blockWidth * layout.blockHeight, failOn: "error" });
    const converted = bands === 1 ? image.toColourspace("b-w") : image.toColourspace("srgb");
    const { data, info } = await converted.raw().toBuffer({ resolveWithObject: true });
    if (info.width !== blockWidth || info.height < rows || info.channels !== bands)
      throw new FormatError(
        path,
        `a block of ${blockWidth} by ${rows} pixels of ${bands} bands`,
        `${info.width} by ${info.height} of ${info.channels}`,
        "The file is corrupt.",
      );
    return new Uint8Array(data.subarray(0, rows * blockWidth * bands));
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(path, "a readable JPEG or WebP block", firstLine(cause), "The file is corrupt.", {
      cause,
    });
  }
}

const START_OF_IMAGE = [0xff, 0xd8];
const YCBCR = 6;

/** Puts the shared tables, and an Adobe marker that says whether colors are YCbCr, between a block's first bytes. */
function spliceJpegTables({ jpegTables, photometric, planar, bands }: TiffLayout, compressed: Uint8Array): Uint8Array {
  const tables = jpegTables.slice(2, -2); // without start and end of image
  const colors = photometric === YCBCR ? 1 : 0;
  const adobe = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, colors];
  const marker = planar || bands === 1 ? [] : adobe;
  return Uint8Array.from([...START_OF_IMAGE, ...marker, ...tables, ...compressed.subarray(2)]);
}

function swapBytes(bytes: Uint8Array, sampleBytes: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (sampleBytes === 2) buffer.swap16();
  else if (sampleBytes === 4) buffer.swap32();
  else buffer.swap64();
}
