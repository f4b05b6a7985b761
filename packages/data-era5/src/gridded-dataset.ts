import type { AttributeValue } from "@graticule/data/arrays";

export type { AttributeValue };

/** Part of a dimension: one index, which drops the dimension, or a range `[start, stop)` by `step` (1 if absent). */
export type Slice = number | { readonly start?: number; readonly stop?: number; readonly step?: number };

/** Parts by dimension name; a dimension that is not named is read whole. */
export type Selection = Readonly<Record<string, Slice>>;

/** Decoded values. Layout: row-major over `dims`. Packed values are unpacked, and NaN stands for missing ones. */
export interface GriddedArray {
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** A variable of an open dataset; nothing of it is in memory until it is read. */
export interface GriddedVariable {
  readonly name: string;
  /** Names of its dimensions, slowest first, in the file's own order. */
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /**
   * Reads the selected part alone, with scale, offset and fill values applied.
   *
   * @param into memory for that many float32 values. Where the values are float32 and can go there they do, and `data` is
   *   this array: in memory that is used again a read takes half of the time.
   * @returns float32, or float64 where the stored or unpacked values need it (coordinates, times).
   * @throws {FormatError} naming file and variable, if the stored bytes are broken.
   */
  read(selection?: Selection, into?: Float32Array): Promise<GriddedArray>;
}

/** NetCDF, HDF5 or Zarr data behind one interface. */
export interface GriddedDataset {
  readonly uri: string;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly variables: ReadonlyMap<string, GriddedVariable>;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  close(): Promise<void>;
}
