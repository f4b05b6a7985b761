/** Number types that a cube may be stored in. */
export type StoredType =
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

export const STORED_BYTES: Readonly<Record<StoredType, number>> = {
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

/** How a cube lies in a file or buffer: one rule for BSQ, BIL, BIP and MATLAB's column-major arrays. */
export interface StridedLayout {
  readonly dtype: StoredType;
  readonly littleEndian: boolean;
  /** Where the first value lies. Units: bytes. */
  readonly offset: number;
  /** Values from one band, row or column to the next. */
  readonly strides: { readonly band: number; readonly row: number; readonly column: number };
  /** Values in all. */
  readonly count: number;
}

/** How stored numbers become values: `stored · gain + offset` for each band; `missing`, as stored, becomes NaN. */
export interface Calibration {
  readonly gains?: readonly number[];
  readonly offsets?: readonly number[];
  readonly missing?: number;
}
