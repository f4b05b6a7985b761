import { type LinearOptions, linear, normLinear } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayerNorm } from "./layer-norm.js";
import type { LinearAdapter } from "./linear-adapter.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * Affine map of the last axis, by choice of the exact GELU of its input, and with something added:
 * `y = gelu(x)·weightᵀ + bias + residual`.
 *
 * Shape: `[..., inFeatures] → [..., outFeatures]`; weight `[outFeatures, inFeatures]`.
 *
 * @throws {ShapeError} if the last axis of the input is not `inFeatures`.
 */
export class Linear extends Module {
  readonly weight: Parameter;
  /** Undefined in a layer without one. */
  readonly bias: Parameter | undefined;
  /** Computes in the layer's stead; none unless set. */
  adapter: LinearAdapter | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true }: { readonly bias?: boolean } = {}) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures]);
    this.bias = bias ? new Parameter([outFeatures]) : undefined;
  }

  forward(x: Tensor, options?: LinearOptions): Tensor {
    const { adapter } = this;
    const [weight, bias] = [this.weight.variable, this.bias?.variable];
    return adapter ? adapter.forward(x, { weight, bias }, options) : linear(x, weight, bias, options);
  }

  /** The layer of normalized input; the normalized tensor is not kept for the backward pass. */
  forwardNormed(x: Tensor, norm: Pick<LayerNorm, "parameters">): Tensor {
    const { adapter } = this;
    const [weight, bias] = [this.weight.variable, this.bias?.variable];
    return adapter
      ? adapter.forwardNormed(x, { weight, bias }, norm)
      : normLinear(x, { ...norm.parameters(), weight, bias });
  }
}
