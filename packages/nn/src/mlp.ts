import type { Tensor } from "@tensorflow/tfjs-core";
import { Linear } from "./linear.js";
import { Module } from "./module.js";

/**
 * Two linear layers with a GELU between, by choice added to a residual.
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

  forward(x: Tensor, residual?: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x), { inputActivation: "gelu", ...(residual && { residual }) });
  }
}
