import type { Region } from "./region.js";
import type { StoredDtype, StoredValues } from "./stored-dtype.js";

/** A number, text, or a list of numbers, as files attach them to variables. */
export type AttributeValue = string | number | readonly number[];

/** The numbers of an attribute; none for text. */
export function numbersOf(value: AttributeValue | undefined): number[] {
  if (typeof value === "number") return [value];
  return value === undefined || typeof value === "string" ? [] : [...value];
}

/** A variable as its file holds it, before CF conventions are applied. */
export interface StoredVariable {
  readonly name: string;
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /**
   * Reads a region in the stored numbers. Layout: row-major over the region's counts; 64-bit integers as float64.
   *
   * @param into memory of the region's size in the file, which a reader may fill and return a view of.
   */
  read(region: Region, into?: Uint8Array): Promise<StoredValues>;
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
