import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half-precision.js";

/** Bytes per value of the data types that safetensors files hold and this codec reads. */
export const bytesPerValue = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type SafetensorsDtype = keyof typeof bytesPerValue;

export type TensorValues =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Views the bytes of a tensor as values; F16 and BF16 become float32. Bytes start at an address that 8 divides. */
export function decodeValues(dtype: SafetensorsDtype, bytes: Uint8Array): TensorValues {
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / bytesPerValue[dtype];
  switch (dtype) {
    case "BOOL":
    case "U8":
      return bytes;
    case "I8":
      return new Int8Array(buffer, byteOffset, length);
    case "I16":
      return new Int16Array(buffer, byteOffset, length);
    case "U16":
      return new Uint16Array(buffer, byteOffset, length);
    case "F16":
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, length));
    case "BF16":
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, length));
    case "I32":
      return new Int32Array(buffer, byteOffset, length);
    case "U32":
      return new Uint32Array(buffer, byteOffset, length);
    case "F32":
      return new Float32Array(buffer, byteOffset, length);
    case "F64":
      return new Float64Array(buffer, byteOffset, length);
    case "I64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "U64":
      return new BigUint64Array(buffer, byteOffset, length);
  }
}

/** Values as float32, rounded to the nearest; the same array where they are float32 already. */
export function toFloat32(values: TensorValues): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>, Number);
}

/** The bytes of float32 values as they stand in a file, rounded to the nearest where the type is narrower. */
export function encodeFloats(dtype: "F32" | "F16" | "BF16", values: Float32Array): Uint8Array {
  const stored = dtype === "F32" ? values : dtype === "F16" ? float32ToFloat16(values) : float32ToBfloat16(values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}
