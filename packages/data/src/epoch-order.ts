import { makeRandom } from "@graticule/core";

/** The order in which an epoch visits a dataset: a permutation that depends on seed and epoch only, or 0 … length − 1. */
export function epochOrder(length: number, seed: number, epoch: number, shuffle: boolean): Int32Array {
  if (shuffle) return makeRandom(seed, "shuffle", epoch).permutation(length);
  return Int32Array.from({ length }, (_, index) => index);
}
