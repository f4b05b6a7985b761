import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";

/**
 * Two linear layers with a GELU between.
 *
 * Shape: `[..., D] → [..., D]`, `hiddenDim` wide inside.
 */
export class Mlp extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor(embedDim: number, hiddenDim: number) {
    super();
    this.fc1 = new Linear(embedDim, hiddenDim);
    this.fc2 = new Linear(hiddenDim, embedDim);
  }

  forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x), { inputActivation: "gelu" });
  }

  /** x + mlp of normalized x, as a pre-norm block has it. */
  forwardNormed(x: Tensor, norm: LayerNorm): Tensor {
    return this.fc2.forward(this.fc1.forwardNormed(x, norm), { inputActivation: "gelu", residual: x });
  }
}
