import type { StoredDtype } from "@graticule/data/arrays";

/** How a cube lies in a file or buffer: one rule for BSQ, BIL, BIP and MATLAB's column-major arrays. */
export interface StridedLayout {
  readonly dtype: StoredDtype;
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
