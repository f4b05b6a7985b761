import { endianness } from "node:os";
import { STORED_BYTES, type StoredType } from "./strided-layout.js";

/** Stored numbers as a typed array of the host. */
export type StoredNumbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const HOST_IS_LITTLE = endianness() === "LE";
const WORD = 2 ** 32;

/**
 * Views bytes as numbers. Bytes of the other order are swapped in place; 64-bit integers become float64, whose 53 bits
 * are more than the float32 of a window keeps.
 *
 * @param bytes a whole number of values, at an offset of its buffer that the type's size divides.
 */
export function viewStoredNumbers(bytes: Buffer, dtype: StoredType, littleEndian: boolean): StoredNumbers {
  const size = STORED_BYTES[dtype];
  if (littleEndian !== HOST_IS_LITTLE) {
    if (size === 2) bytes.swap16();
    if (size === 4) bytes.swap32();
    if (size === 8) bytes.swap64();
  }
  const count = bytes.length / size;
  const { buffer, byteOffset } = bytes;
  switch (dtype) {
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "uint8":
      return new Uint8Array(buffer, byteOffset, count);
    case "int16":
      return new Int16Array(buffer, byteOffset, count);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "int64":
    case "uint64":
      return wideIntegers(new Uint32Array(buffer, byteOffset, 2 * count), dtype === "int64");
  }
}

/** 64-bit integers from their halves: without BigInt, which is some thirty times slower. */
function wideIntegers(halves: Uint32Array, signed: boolean): Float64Array {
  const [low, high] = HOST_IS_LITTLE ? [0, 1] : [1, 0];
  const wide = new Float64Array(halves.length / 2);
  for (let index = 0; index < wide.length; index++) {
    const upper = halves[2 * index + high] as number;
    wide[index] = (signed ? upper | 0 : upper) * WORD + (halves[2 * index + low] as number);
  }
  return wide;
}
