import type { StoredDtype } from "@graticule/data/arrays";

/** A variable of a MATLAB file, whatever its version: its dims in MATLAB's order, and how to get at its numbers. */
export interface MatArray {
  readonly name: string;
  /** MATLAB's class, e.g. `double` or `struct`. */
  readonly className: string;
  readonly dims: readonly number[];
  /** Stored number type; absent for what holds no real numbers: text, structs, cells, sparse and complex arrays. */
  readonly dtype?: StoredDtype;
}

/** `I [51, 56, 224] double`, for messages. */
export function describeArray({ name, dims, className }: MatArray): string {
  return `${name} [${dims.join(", ")}] ${className}`;
}
