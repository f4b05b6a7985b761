import { type LinearOptions, linear } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
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
  readonly bias: Parameter;

  constructor(inFeatures: number, outFeatures: number) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures]);
    this.bias = new Parameter([outFeatures]);
  }

  forward(x: Tensor, options?: LinearOptions): Tensor {
    return linear(x, this.weight.variable, this.bias.variable, options);
  }
}
