import { beginWork, endWork } from "@graticule/data";
import { readFloat16 } from "./float16.js";
import { freshBytes } from "./fresh-bytes.js";
import { openKernel, ROOM_BYTES } from "./kernel/open-kernel.js";
import { isUnpackedInKernel, unpackInKernel } from "./kernel/unpack-in-kernel.js";
import { decompressBlock, isNativeOrder } from "./tiff-compression.js";
import { rowBytes, type TiffLayout } from "./tiff-layout.js";
import { undoPredictor } from "./tiff-predictor.js";

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
 * @param takeBytes gives the memory that the samples go to, where they don't come in memory of their own.
 * @returns samples as `[rows, blockWidth, bands]`, or `[rows, blockWidth]` if planar; 64-bit integers as float64.
 * @throws {FormatError} if the compression is unsupported, or the bytes are corrupt or too few.
 */
export async function decodeTiffBlock(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
  takeBytes: (length: number) => Uint8Array<ArrayBuffer> = freshBytes,
): Promise<BlockValues> {
  const { dtype, sampleBits, blockWidth, planar, bands } = layout;
  const bytes = await decodeBytes(path, layout, compressed, rows, takeBytes);
  if (sampleBits % 8 !== 0) return unpackBits(bytes, sampleBits, rows, blockWidth * (planar ? 1 : bands));
  const values = new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, (bytes.length * 8) / sampleBits);
  if (values instanceof BigUint64Array || values instanceof BigInt64Array) return Float64Array.from(values, Number);
  return dtype === "float16" ? readFloat16(values as Uint16Array) : values;
}

/** A block's samples in native byte order. What happens in the kernel happens at once: other blocks use it too. */
async function decodeBytes(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
  takeBytes: (length: number) => Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const start = beginWork();
  const needed = rows * rowBytes(layout);
  const { predictor, littleEndian, sampleBits } = layout;
  const isSwapped = !littleEndian && predictor !== 3 && sampleBits % 8 === 0 && !isNativeOrder(layout);
  const inKernel = isUnpackedInKernel(layout);
  const unpacked = inKernel ? undefined : await decompressBlock(path, layout, compressed, rows);
  if (unpacked && predictor === 1) {
    if (isSwapped) swapBytes(unpacked, sampleBits / 8);
    endWork(start, "decode block");
    return unpacked;
  }
  const most = layout.blockHeight * rowBytes(layout);
  const kernel = openKernel(compressed.length, 2 * most + ROOM_BYTES);
  if (unpacked) kernel.bytes.set(unpacked, kernel.output);
  else unpackInKernel(path, layout, compressed, kernel, needed, most);
  if (isSwapped) swapBytes(kernel.bytes.subarray(kernel.output, kernel.output + needed), sampleBits / 8);
  const from = undoPredictor(path, layout, kernel, kernel.output, needed);
  const bytes = takeBytes(needed);
  bytes.set(kernel.bytes.subarray(from, from + needed));
  endWork(start, "decode block");
  return bytes;
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
