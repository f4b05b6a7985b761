import { FormatError } from "@graticule/core";
import type { StoredDtype } from "@graticule/data/arrays";
import { TAGS, type TiffDirectory } from "./tiff-directory.js";

/** What a pixel is in the file; samples of 1 to 7 bits count as uint8, of 9 to 15 as uint16. */
export type RasterDtype = StoredDtype | "float16";

/** How a TIFF's pixels lie in its file; checked, so that every number can be relied on. */
export interface TiffLayout {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: RasterDtype;
  /** Bits of a sample as it is stored; rows end with whole bytes. */
  readonly sampleBits: number;
  readonly littleEndian: boolean;
  readonly compression: number;
  readonly photometric: number;
  readonly predictor: number;
  /** True if each block holds one band only. */
  readonly planar: boolean;
  /** A block is a tile or a strip; strips are as wide as the image, and the last may be shorter. */
  readonly tiled: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly blocksAcross: number;
  readonly blocksDown: number;
  readonly offsets: ArrayLike<number>;
  readonly byteCounts: ArrayLike<number>;
  readonly jpegTables: Float64Array;
  /** What LERC blocks are compressed with besides: 0 nothing, 1 deflate, 2 Zstandard. */
  readonly lercCompression: number;
}

const DTYPES: Readonly<Record<string, RasterDtype>> = {
  "1/8": "uint8",
  "2/8": "int8",
  "1/16": "uint16",
  "2/16": "int16",
  "1/32": "uint32",
  "2/32": "int32",
  "1/64": "uint64",
  "2/64": "int64",
  "3/16": "float16",
  "3/32": "float32",
  "3/64": "float64",
};

/** Most bytes that one byte of a compression can stand for: a block that declares more is a lie, found before allocating. */
const MAX_EXPANSION: Readonly<Record<number, number>> = { 1: 1, 5: 2731, 8: 1032, 32946: 1032, 32773: 64 };

/** Most values that a block may hold, 2²⁷: far beyond any real file's, small enough to allocate. */
const MAX_BLOCK_VALUES = 2 ** 27;

/** Bytes of one row of a block: samples are packed, rows are not. */
export function rowBytes({
  blockWidth,
  planar,
  bands,
  sampleBits,
}: Pick<TiffLayout, "blockWidth" | "planar" | "bands" | "sampleBits">): number {
  return Math.ceil((blockWidth * (planar ? 1 : bands) * sampleBits) / 8);
}

/**
 * Reads and checks a TIFF's layout.
 *
 * @throws {FormatError} for zero or inconsistent dimensions, unsupported sample types, blocks outside the file.
 */
export function parseTiffLayout(path: string, directory: TiffDirectory): TiffLayout {
  const one = (tag: number, otherwise: number): number => directory.numbers(tag)[0] ?? otherwise;
  const fail = (expected: string, got: string, advice = "The file is corrupt."): never => {
    throw new FormatError(path, expected, got, advice);
  };
  const width = one(TAGS.imageWidth, 0);
  const height = one(TAGS.imageLength, 0);
  const bands = one(TAGS.samplesPerPixel, 1);
  if (![width, height, bands].every((size) => Number.isSafeInteger(size) && size > 0))
    fail("width, height and bands above zero", `${width} by ${height} by ${bands}`);
  const { dtype, sampleBits } = parseSampleType(path, directory);
  const planar = one(TAGS.planarConfiguration, 1) === 2;
  const tiled = directory.has(TAGS.tileOffsets);
  const blockWidth = tiled ? one(TAGS.tileWidth, 0) : width;
  const blockHeight = tiled ? one(TAGS.tileLength, 0) : Math.min(height, one(TAGS.rowsPerStrip, height));
  const blockValues = blockWidth * blockHeight * (planar ? 1 : bands);
  if (!(blockValues >= 1 && blockValues <= MAX_BLOCK_VALUES))
    fail(
      `blocks of 1 to ${MAX_BLOCK_VALUES} values`,
      `${blockWidth} by ${blockHeight} pixels of ${bands} bands`,
      "If the file is sound, cut it into tiles, e.g. with gdal_translate -co TILED=YES.",
    );
  const blocksAcross = Math.ceil(width / blockWidth);
  const blocksDown = Math.ceil(height / blockHeight);
  const bytesPerRow = rowBytes({ blockWidth, planar, bands, sampleBits });
  const blockCount = blocksAcross * blocksDown * (planar ? bands : 1);
  const offsets = directory.numbers(tiled ? TAGS.tileOffsets : TAGS.stripOffsets);
  const compression = one(TAGS.compression, 1);
  let byteCounts: ArrayLike<number> = directory.numbers(tiled ? TAGS.tileByteCounts : TAGS.stripByteCounts);
  if (byteCounts.length === 0 && compression === 1 && offsets.length === 1) byteCounts = [bytesPerRow * blockHeight];
  if (offsets.length < blockCount || byteCounts.length < blockCount)
    fail(
      `${blockCount} blocks for ${width} by ${height} pixels`,
      `${offsets.length} offsets and ${byteCounts.length} lengths`,
      "The file is truncated or its dimensions are wrong.",
    );
  for (let block = 0; block < blockCount; block++) {
    const [offset, bytes] = [offsets[block] as number, byteCounts[block] as number];
    if (bytes === 0) continue; // Left out of a sparse file.
    const rows = tiled
      ? blockHeight
      : Math.min(blockHeight, height - (Math.floor(block / blocksAcross) % blocksDown) * blockHeight);
    const needed = rows * bytesPerRow;
    if (needed > (bytes + 1) * (MAX_EXPANSION[compression] ?? Infinity))
      fail(`block ${block} to hold ${needed} bytes`, `${bytes} compressed bytes`, "The file is truncated or corrupt.");
    if (offset + bytes > directory.fileBytes)
      fail(
        `block ${block} of ${bytes} bytes at ${offset} inside the file`,
        `a file of ${directory.fileBytes} bytes`,
        "The file is truncated or corrupt.",
      );
  }
  return {
    width,
    height,
    bands,
    dtype,
    sampleBits,
    littleEndian: directory.littleEndian,
    compression,
    photometric: one(TAGS.photometric, 1),
    predictor: one(TAGS.predictor, 1),
    planar,
    tiled,
    blockWidth,
    blockHeight,
    blocksAcross,
    blocksDown,
    offsets,
    byteCounts,
    jpegTables: directory.numbers(TAGS.jpegTables),
    lercCompression: directory.numbers(TAGS.lercParameters)[1] ?? 0,
  };
}

function parseSampleType(path: string, directory: TiffDirectory): { dtype: RasterDtype; sampleBits: number } {
  const bits = directory.has(TAGS.bitsPerSample) ? directory.numbers(TAGS.bitsPerSample) : [1];
  const formats = directory.numbers(TAGS.sampleFormat);
  const kinds = new Set(
    // Format 4 is "void": GDAL and libtiff read it as unsigned.
    Array.from(bits, (count, band) => `${[1, 1, 2, 3, 1][formats[band] ?? formats[0] ?? 1] ?? "complex"}/${count}`),
  );
  const sampleBits = bits[0] as number;
  const isPacked = kinds.has(`1/${sampleBits}`) && Number.isInteger(sampleBits) && sampleBits >= 1 && sampleBits < 16;
  const dtype = DTYPES[[...kinds][0] as string] ?? (isPacked ? (sampleBits < 8 ? "uint8" : "uint16") : undefined);
  const packed = dtype !== undefined && DTYPES[[...kinds][0] as string] === undefined;
  const given = `${[...kinds].slice(0, 4).join(", ")} (format/bits)`;
  if (kinds.size !== 1 || dtype === undefined)
    throw new FormatError(
      path,
      "every band of one type: unsigned integers of 1 to 16, 32 or 64 bits, signed ones of 8 to 64, floats of 16 to 64",
      given,
      "Convert the file, e.g. with gdal_translate -ot Float32; take the real part of complex numbers.",
    );
  const plain = (directory.numbers(TAGS.predictor)[0] ?? 1) === 1 && (directory.numbers(TAGS.fillOrder)[0] ?? 1) === 1;
  if (packed && !plain)
    throw new FormatError(
      path,
      "packed samples in fill order 1 without a predictor",
      given,
      "Convert the file, e.g. with gdal_translate -co NBITS=16.",
    );
  return { dtype, sampleBits };
}
