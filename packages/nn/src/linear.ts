import { linear } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * Affine map of the last axis, by choice followed by the exact GELU in one kernel: `y = gelu(x·weightᵀ + bias)`.
 *
 * Shape: `[..., inFeatures] → [..., outFeatures]`; weight `[outFeatures, inFeatures]`.
 *
 * @throws {ShapeError} if the last axis of the input is not `inFeatures`.
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly activation: "none" | "gelu";

  constructor(inFeatures: number, outFeatures: number, options: { readonly activation?: "none" | "gelu" } = {}) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures]);
    this.bias = new Parameter([outFeatures]);
    this.activation = options.activation ?? "none";
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight.variable, this.bias.variable, { activation: this.activation });
  }
}
