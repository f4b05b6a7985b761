import { rmsNorm } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * Divides the last axis by the root of its mean square, then scales by `weight`.
 *
 * Shape: `[..., D] → [..., D]`.
 * Source: Zhang and Sennrich 2019, eq. 4, arXiv:1910.07467.
 *
 * @throws {ShapeError} if the last axis of the input is not D.
 */
export class RmsNorm extends Module {
  readonly weight: Parameter;
  readonly epsilon: number;

  constructor(embedDim: number, epsilon: number) {
    super();
    this.weight = new Parameter([embedDim]);
    this.epsilon = epsilon;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight.variable, this.epsilon);
  }
}
