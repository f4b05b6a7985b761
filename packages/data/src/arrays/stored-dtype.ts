import { endianness } from "node:os";

/** Types of the numbers that files store, whatever the format. */
export type StoredDtype =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

/** Stored numbers in memory; 64-bit integers are the nearest float64. */
export type StoredValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const ITEM_BYTES: Readonly<Record<StoredDtype, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
};

const HOST_IS_LITTLE = endianness() === "LE";

/** The size of one number. Units: bytes. */
export function itemBytesOf(dtype: StoredDtype): number {
  return ITEM_BYTES[dtype];
}

/**
 * Views the bytes of values in a file's byte order as numbers. Bytes of the other order are swapped in place.
 *
 * @param bytes whole values, at an offset of their buffer that the size of one divides.
 */
export function toStoredValues(bytes: Uint8Array, dtype: StoredDtype, littleEndian: boolean): StoredValues {
  const itemBytes = itemBytesOf(dtype);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (littleEndian !== HOST_IS_LITTLE) {
    if (itemBytes === 2) buffer.swap16();
    if (itemBytes === 4) buffer.swap32();
    if (itemBytes === 8) buffer.swap64();
  }
  const length = bytes.byteLength / itemBytes;
  const at = [bytes.buffer as ArrayBuffer, bytes.byteOffset, length] as const;
  switch (dtype) {
    case "int8":
      return new Int8Array(...at);
    case "uint8":
      return new Uint8Array(...at);
    case "int16":
      return new Int16Array(...at);
    case "uint16":
      return new Uint16Array(...at);
    case "int32":
      return new Int32Array(...at);
    case "uint32":
      return new Uint32Array(...at);
    case "float32":
      return new Float32Array(...at);
    case "float64":
      return new Float64Array(...at);
    case "int64":
      return wideToFloat64(new Uint32Array(at[0], at[1], 2 * length), true);
    case "uint64":
      return wideToFloat64(new Uint32Array(at[0], at[1], 2 * length), false);
  }
}

/** The nearest float64 of 64-bit integers, given by their halves: BigInt would take some thirty times as long. */
function wideToFloat64(halves: Uint32Array, signed: boolean): Float64Array {
  const [low, high] = HOST_IS_LITTLE ? [0, 1] : [1, 0];
  const values = new Float64Array(halves.length / 2);
  for (let index = 0; index < values.length; index++) {
    const upper = halves[2 * index + high] as number;
    values[index] = (signed ? upper | 0 : upper) * 2 ** 32 + (halves[2 * index + low] as number);
  }
  return values;
}
