import type { AttributeValue } from "../gridded-dataset.js";
import type { Region } from "./region.js";

/** Types of stored numbers. */
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

export type StoredValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** A variable as its file holds it, before CF conventions are applied. */
export interface StoredVariable {
  readonly name: string;
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Reads a region in the stored numbers. Layout: row-major over the region's counts; 64-bit integers as float64. */
  read(region: Region): Promise<StoredValues>;
}

/** What each format's reader yields. */
export interface StoredDataset {
  readonly format: string;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly variables: readonly StoredVariable[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Variables that hold no numbers, and why they are left out. */
  readonly skipped: Readonly<Record<string, string>>;
}

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

export function itemBytesOf(dtype: StoredDtype): number {
  return ITEM_BYTES[dtype];
}

/** Views the bytes of values in a file's byte order as numbers; `bytes` is changed, and must own its buffer's start. */
export function toStoredValues(bytes: Uint8Array, dtype: StoredDtype, littleEndian: boolean): StoredValues {
  const itemBytes = itemBytesOf(dtype);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!littleEndian && itemBytes === 2) buffer.swap16();
  if (!littleEndian && itemBytes === 4) buffer.swap32();
  if (!littleEndian && itemBytes === 8) buffer.swap64();
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

/** The nearest float64 of 64-bit integers, given as pairs of a low and a high word. */
function wideToFloat64(words: Uint32Array, signed: boolean): Float64Array {
  const values = new Float64Array(words.length / 2);
  for (let index = 0; index < values.length; index++) {
    const low = words[2 * index] as number;
    const high = words[2 * index + 1] as number;
    values[index] = (signed ? high | 0 : high) * 2 ** 32 + low;
  }
  return values;
}
