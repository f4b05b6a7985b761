import { FormatError } from "@graticule/core";

/** A block that ends before its rows do. */
export function tooFewBytes(path: string, needed: number, got: string): FormatError {
  return new FormatError(path, `a block of ${needed} bytes`, got, "The file is truncated or corrupt.");
}
