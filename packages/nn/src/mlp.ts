import { gelu } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type DropoutStreams, type DropRates, dropout } from "./dropout.js";
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

  /** With dropout behind the GELU and behind the second layer, which may drop whole images too. */
  forwardDropped(x: Tensor, rates: DropRates, place: string, streams: DropoutStreams): Tensor {
    const hidden = dropout(gelu(this.fc1.forward(x)), { dropRate: rates.dropRate }, `${place}.hidden`, streams);
    return dropout(this.fc2.forward(hidden), rates, place, streams);
  }

  /** x + mlp of normalized x, as a pre-norm block has it. */
  forwardNormed(x: Tensor, norm: LayerNorm): Tensor {
    return this.fc2.forward(this.fc1.forwardNormed(x, norm), { inputActivation: "gelu", residual: x });
  }
}
