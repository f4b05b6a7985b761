import { FormatError } from "@graticule/core";
import { readFloat16 } from "./float16.js";
import { decompressBlock, isNativeOrder } from "./tiff-compression.js";
import type { TiffLayout } from "./tiff-layout.js";
import { undoFloatPredictor, undoHorizontalDifferences } from "./tiff-predictor.js";

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
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/**
 * Decompresses one block of a TIFF and undoes its predictor.
 *
 * @param rows number of rows that the block must hold; a last strip is shorter than the others.
 * @returns samples as `[rows, blockWidth, bands]`, or `[rows, blockWidth]` if planar; 64-bit integers as float64.
 * @throws {FormatError} if the compression is unsupported, or the bytes are corrupt or too few.
 */
export async function decodeTiffBlock(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
): Promise<BlockValues> {
  const { dtype, sampleBits, predictor, blockWidth } = layout;
  const bytes = await decompressBlock(path, layout, compressed, rows);
  const samplesPerPixel = layout.planar ? 1 : layout.bands;
  const rowLength = blockWidth * samplesPerPixel;
  if (sampleBits % 8 !== 0) return unpackBits(bytes, sampleBits, rows, rowLength);
  if (!layout.littleEndian && predictor !== 3 && !isNativeOrder(layout)) swapBytes(bytes, sampleBits / 8);
  const values = new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, (bytes.length * 8) / sampleBits);
  const isFloat = dtype.startsWith("float");
  if (predictor === 3 && isFloat) undoFloatPredictor(bytes, rowLength, samplesPerPixel, sampleBits / 8);
  else if (predictor === 2 && !isFloat) undoHorizontalDifferences(bytes, rowLength, samplesPerPixel, sampleBits / 8);
  else if (predictor !== 1)
    throw new FormatError(
      path,
      "predictor 1, 2 for integers or 3 for floats",
      `${predictor} for ${dtype}`,
      "Convert the file, e.g. with gdal_translate.",
    );
  if (values instanceof BigUint64Array || values instanceof BigInt64Array) return Float64Array.from(values, Number);
  return dtype === "float16" ? readFloat16(values as Uint16Array) : values;
}

/** Samples of fewer bits than a byte, or of 9 to 15, the most significant bit first; each row starts with a byte. */
function unpackBits(bytes: Uint8Array, bits: number, rows: number, rowLength: number): Uint8Array | Uint16Array {
  const values = bits < 8 ? new Uint8Array(rows * rowLength) : new Uint16Array(rows * rowLength);
  const mask = (1 << bits) - 1;
  let from = 0;
  for (let row = 0; row < rows; row++) {
    let held = 0;
    let heldBits = 0;
    for (let to = row * rowLength; to < (row + 1) * rowLength; to++) {
      for (; heldBits < bits; heldBits += 8) held = ((held << 8) | (bytes[from++] as number)) & 0xffffff;
      heldBits -= bits;
      values[to] = (held >> heldBits) & mask;
    }
  }
  return values;
}

function swapBytes(bytes: Uint8Array, sampleBytes: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (sampleBytes === 2) buffer.swap16();
  else if (sampleBytes === 4) buffer.swap32();
  else if (sampleBytes === 8) buffer.swap64();
}
