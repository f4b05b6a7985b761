import type { ParameterSlice } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";

/** A part of a parameter that this rank holds instead of the whole, for checkpoints. */
export interface OwnedPart {
  /** Of the whole tensor. */
  readonly shape: readonly number[];
  /** The slice that ranks along `tp` cut out; all of the tensor if absent. */
  readonly slice?: ParameterSlice;
  /** Of the slice, row-major: the first value that it holds, and how many. */
  readonly start: number;
  readonly length: number;
  readonly values: Tensor;
  /** Takes ownership of the array. */
  assign(values: Float32Array): void;
  /** Whether this rank saves it, of those that hold the same. */
  readonly isSaved: boolean;
}
