import type { backend_util, DataType } from "@tensorflow/tfjs-core";

type Stored = Float32Array | Int32Array | Uint8Array | Uint8ClampedArray;

/** Smaller arrays are copied, in at most 10 µs, and so stay apart from what a script does to them afterwards. */
const BORROW_BYTES = 2 ** 18;

/** Values in the element type that LibTorch stores; the same array where they already are. */
export function toStored(values: backend_util.BackendValues, dtype: DataType): Stored {
  if (dtype === "bool") {
    if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return values;
    return Uint8Array.from(values as Float32Array, (value) => (value ? 1 : 0));
  }
  if (dtype === "int32") return values instanceof Int32Array ? values : new Int32Array(values as Float32Array);
  return values instanceof Float32Array ? values : new Float32Array(values as Int32Array);
}

/**
 * Whether a tensor may lie in the array's own memory: large, most of its buffer (which is kept alive with it), and the
 * buffer neither shared between threads nor able to shrink. Bools are copied, since a byte may be other than 0 and 1.
 */
export function isBorrowable(values: Stored, dtype: DataType): boolean {
  const { buffer, byteLength } = values;
  if (byteLength < BORROW_BYTES || dtype === "bool") return false;
  if (!(buffer instanceof ArrayBuffer) || (buffer as { resizable?: boolean }).resizable) return false;
  return 2 * byteLength >= buffer.byteLength;
}
