import { layerNorm } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/** The epsilon of ViT and MAE; PyTorch's own default, and ClimaX's, is 1e-5. */
const EPSILON = 1e-6;

/**
 * Normalizes the last axis to mean 0 and variance 1, then scales by `weight` and shifts by `bias`.
 *
 * Shape: `[..., D] → [..., D]`.
 * Source: Ba et al. 2016, arXiv:1607.06450.
 *
 * @throws {ShapeError} if the last axis of the input is not D.
 */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly epsilon: number;

  constructor(embedDim: number, epsilon = EPSILON) {
    super();
    this.epsilon = epsilon;
    this.weight = new Parameter([embedDim]);
    this.bias = new Parameter([embedDim]);
  }

  forward(x: Tensor): Tensor {
    const { gamma, beta, epsilon } = this.parameters();
    return layerNorm(x, gamma, beta, epsilon);
  }

  /** What the operation takes, for one that normalizes on its way. */
  parameters(): { readonly gamma: Tensor; readonly beta: Tensor; readonly epsilon: number } {
    return { gamma: this.weight.variable, beta: this.bias.variable, epsilon: this.epsilon };
  }
}
