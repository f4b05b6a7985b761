import { promisify } from "node:util";
import { deflate } from "node:zlib";
import type { StoredValues } from "@graticule/data/arrays";

const deflateAsync = promisify(deflate);

export type CogCompression = "deflate" | "zstd" | "none";

/** How a tile's pixels become bytes. */
export interface BlockCoding {
  readonly compression: CogCompression;
  /** Differences of neighbors before compression: TIFF predictor 2 for integers, 3 for floats. */
  readonly predictor: boolean;
  /** Compression effort; the library's usual one if absent. */
  readonly level: number | undefined;
}

export const COMPRESSION_TAGS: Readonly<Record<CogCompression, number>> = { none: 1, deflate: 8, zstd: 50000 };

/** GDAL's usual levels. */
const LEVELS = { deflate: 6, zstd: 9 } as const;

/** The value of TIFF tag 317. */
export function predictorTag({ predictor, compression }: BlockCoding, isFloat: boolean): number {
  if (!predictor || compression === "none") return 1;
  return isFloat ? 3 : 2;
}

/**
 * Encodes one tile, pixel interleaved and little-endian.
 *
 * @param planes `[C, tileHeight, tileWidth]`; left as it is.
 */
export async function encodeBlock(
  planes: StoredValues,
  bands: number,
  tileWidth: number,
  coding: BlockCoding,
): Promise<Uint8Array> {
  const pixels = interleave(planes, bands);
  const rowLength = tileWidth * bands;
  const isFloat = pixels instanceof Float32Array || pixels instanceof Float64Array;
  const predictor = predictorTag(coding, isFloat);
  if (predictor === 2) applyHorizontalDifferences(pixels, rowLength, bands);
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  if (predictor === 3) applyFloatPredictor(bytes, rowLength, bands, pixels.BYTES_PER_ELEMENT);
  const { compression, level } = coding;
  if (compression === "none") return bytes;
  if (compression === "deflate") return deflateAsync(bytes, { level: level ?? LEVELS.deflate });
  const { default: Zstd } = await import("numcodecs/zstd");
  return Zstd.fromConfig({ id: "zstd", level: level ?? LEVELS.zstd }).encode(bytes);
}

/** `[C, pixels] → [pixels, C]`, always a copy. */
function interleave(planes: StoredValues, bands: number): StoredValues {
  if (bands === 1) return planes.slice();
  const output = new (planes.constructor as new (length: number) => StoredValues)(planes.length);
  const size = planes.length / bands;
  for (let band = 0; band < bands; band++)
    for (let from = band * size, to = band; to < output.length; from++, to += bands)
      output[to] = planes[from] as number;
  return output;
}

function applyHorizontalDifferences(values: StoredValues, rowLength: number, stride: number): void {
  for (let row = 0; row < values.length; row += rowLength)
    for (let index = row + rowLength - 1; index >= row + stride; index--)
      values[index] = (values[index] as number) - (values[index - stride] as number);
}

/** Source: Adobe TIFF Technical Note 3 (2005): bytes in planes, most significant first, then differenced. */
function applyFloatPredictor(bytes: Uint8Array, rowLength: number, stride: number, sampleBytes: number): void {
  const rowBytes = rowLength * sampleBytes;
  const planes = new Uint8Array(rowBytes);
  for (let row = 0; row < bytes.length; row += rowBytes) {
    for (let byte = 0; byte < sampleBytes; byte++)
      for (let sample = 0, from = row + byte, to = (sampleBytes - 1 - byte) * rowLength; sample < rowLength; sample++) {
        planes[to++] = bytes[from] as number;
        from += sampleBytes;
      }
    for (let index = rowBytes - 1; index >= stride; index--)
      planes[index] = (planes[index] as number) - (planes[index - stride] as number);
    bytes.set(planes, row);
  }
}
