import { FormatError } from "@graticule/core";
import { TAGS, type TiffDirectory } from "./tiff-directory.js";

export type RasterDtype = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

/** How a TIFF's pixels lie in its file; checked, so that every number can be relied on. */
export interface TiffLayout {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: RasterDtype;
  readonly sampleBytes: number;
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
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
  readonly jpegTables: readonly number[];
}

const DTYPES: Readonly<Record<string, RasterDtype>> = {
  "1/8": "uint8",
  "2/8": "int8",
  "1/16": "uint16",
  "2/16": "int16",
  "1/32": "uint32",
  "2/32": "int32",
  "3/32": "float32",
  "3/64": "float64",
};

/** Most bytes that one byte of a compression can stand for: a block that declares more is a lie, found before allocating. */
const MAX_EXPANSION: Readonly<Record<number, number>> = { 1: 1, 5: 2731, 8: 1032, 32946: 1032, 32773: 64 };

/** Most values that a block may hold, 2²⁷: far beyond any real file's, small enough to allocate. */
const MAX_BLOCK_VALUES = 2 ** 27;

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
  const { dtype, sampleBytes } = parseSampleType(path, directory);
  const planar = one(TAGS.planarConfiguration, 1) === 2;
  const tiled = directory.numbers(TAGS.tileOffsets).length > 0;
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
  const blockCount = blocksAcross * blocksDown * (planar ? bands : 1);
  const offsets = directory.numbers(tiled ? TAGS.tileOffsets : TAGS.stripOffsets);
  const compression = one(TAGS.compression, 1);
  let byteCounts = directory.numbers(tiled ? TAGS.tileByteCounts : TAGS.stripByteCounts);
  if (byteCounts.length === 0 && compression === 1 && offsets.length === 1) byteCounts = [blockValues * sampleBytes];
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
    const needed = (blockValues / blockHeight) * rows * sampleBytes;
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
    sampleBytes,
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
  };
}

function parseSampleType(path: string, directory: TiffDirectory): { dtype: RasterDtype; sampleBytes: number } {
  const bits = directory.numbers(TAGS.bitsPerSample);
  const formats = directory.numbers(TAGS.sampleFormat);
  // Format 4 is "void": GDAL and libtiff read it as unsigned.
  const kinds = new Set(
    bits.map((count, band) => `${[1, 1, 2, 3, 1][formats[band] ?? formats[0] ?? 1] ?? formats[band]}/${count}`),
  );
  const dtype = kinds.size === 1 ? DTYPES[[...kinds][0] as string] : undefined;
  if (dtype === undefined)
    throw new FormatError(
      path,
      "every band of one type among 8, 16, 32 bit integers and 32, 64 bit floats",
      `${bits.slice(0, 4).join(", ") || "1"} bits of sample format ${formats.slice(0, 4).join(", ") || 1}`,
      "Convert the file, e.g. with gdal_translate -ot Float32.",
    );
  return { dtype, sampleBytes: Number(dtype.replace(/\D+/, "")) / 8 };
}
