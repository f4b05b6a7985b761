import { type Tensor, tensor, util } from "@tensorflow/tfjs-core";

/** Float32 values in [-1, 1): a congruence of position and seed, the formula of make-numerics-reference.py. */
export function numbers(shape: readonly number[], seed: number): Tensor {
  const value = (_: unknown, i: number): number => ((i * i * 7919 + i * 31 + seed * 104729) % 2003) / 1001.5 - 1;
  return tensor(Float32Array.from({ length: util.sizeFromShape([...shape]) }, value), [...shape]);
}
