import type { LinearOptions } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayerNorm } from "./layer-norm.js";
import type { Module } from "./module.js";
import type { ParameterSlice } from "./parameter-slice.js";

/** What a linear layer multiplies by and adds. */
export interface LinearWeights {
  /** `[N, K]`. */
  readonly weight: Tensor;
  /** `[N]`. */
  readonly bias?: Tensor | undefined;
}

/** What a linear layer computes in its own stead while it is the layer's `adapter`: with parameters beside its weights. */
export interface LinearAdapter extends Module {
  forward(x: Tensor, weights: LinearWeights, options?: LinearOptions): Tensor;

  forwardNormed(x: Tensor, weights: LinearWeights, norm: Pick<LayerNorm, "parameters">): Tensor;

  /**
   * Keeps the part that belongs to a slice of the layer's weight. What all ranks then have whole is passed through `share`
   * at each use, since each rank's gradient of it is that of its own part.
   *
   * @throws {TypeError} if this kind of adapter can't be divided.
   */
  divide(slice: ParameterSlice, share: (x: Tensor) => Tensor): void;
}
