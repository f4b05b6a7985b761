import { itemBytesOf, type StoredDtype, type StoredValues } from "@graticule/data/arrays";

/** Sample types that can be written. */
export type CogDtype = Exclude<StoredDtype, "int64" | "uint64">;

/** What is known of a sample type: its array, its TIFF sample format, the integers it can hold. */
export interface PixelType {
  readonly dtype: CogDtype;
  readonly make: new (length: number) => StoredValues;
  readonly bytes: number;
  /** 1 unsigned, 2 signed, 3 floating point. */
  readonly sampleFormat: number;
  /** Smallest and largest integer; infinite for floats. */
  readonly range: readonly [number, number];
}

const MAKERS: Readonly<Record<CogDtype, PixelType["make"]>> = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

export const WRITABLE_DTYPES = Object.keys(MAKERS) as readonly CogDtype[];

export function pixelType(dtype: CogDtype): PixelType {
  const make = MAKERS[dtype];
  const bytes = itemBytesOf(dtype);
  if (dtype.startsWith("float")) return { dtype, make, bytes, sampleFormat: 3, range: [-Infinity, Infinity] };
  const values = 2 ** (8 * bytes);
  return dtype.startsWith("u")
    ? { dtype, make, bytes, sampleFormat: 1, range: [0, values - 1] }
    : { dtype, make, bytes, sampleFormat: 2, range: [-values / 2, values / 2 - 1] };
}

/**
 * Turns numbers into the stored type: NaN becomes nodata, fractions are rounded for integer types.
 *
 * @throws {RangeError} naming the first value that the type can't hold, or NaN without a nodata value.
 */
export function toStoredPixels(values: ArrayLike<number>, type: PixelType, nodata: number | undefined): StoredValues {
  const isFloat = type.sampleFormat === 3;
  const needsNodata = nodata !== undefined && !Number.isNaN(nodata);
  if (values instanceof type.make && (!isFloat || !needsNodata)) return values;
  const stored = new type.make(values.length);
  const [low, high] = type.range;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (Number.isNaN(value)) {
      if (nodata === undefined && !isFloat)
        throw new RangeError(
          `writeWindow: expected numbers for ${type.dtype} pixels, got NaN at position ${index}. Give the writer a nodata value.`,
        );
      stored[index] = nodata ?? NaN;
    } else if (isFloat) stored[index] = value;
    else {
      const rounded = Math.round(value);
      if (!(rounded >= low && rounded <= high))
        throw new RangeError(
          `writeWindow: expected values from ${low} to ${high} for ${type.dtype} pixels, got ${value} at position ${index}. Choose a wider dtype, or scale the values.`,
        );
      stored[index] = rounded;
    }
  }
  return stored;
}
