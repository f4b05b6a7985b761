import { gelu } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type DropoutStreams, type DropRates, dropout } from "./dropout.js";
import type { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";

/** The exact GELU, or its approximation by a hyperbolic tangent. */
export type GeluForm = "gelu" | "gelu-tanh";

/**
 * Two linear layers with a GELU between, the exact one unless `activation` is its tanh form.
 *
 * Shape: `[..., D] → [..., D]`, `hiddenDim` wide inside.
 */
export class Mlp extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;

  readonly activation: GeluForm;

  constructor(embedDim: number, hiddenDim: number, activation: GeluForm = "gelu") {
    super();
    this.activation = activation;
    this.fc1 = new Linear(embedDim, hiddenDim);
    this.fc2 = new Linear(hiddenDim, embedDim);
  }

  forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x), { inputActivation: this.activation });
  }

  /** Of normalized x, with dropout behind the GELU and behind the second layer, which may drop whole images too. */
  forwardDropped(x: Tensor, norm: LayerNorm, rates: DropRates, place: string, streams: DropoutStreams): Tensor {
    const { firstToken = 0 } = streams;
    const hidden = gelu(this.fc1.forwardNormed(x, norm), { approximate: this.activation === "gelu" ? "none" : "tanh" });
    const { slice, globalShape } = this.fc1.weight;
    const features = globalShape[0] as number;
    // A process may have some of the hidden features, and of tokens some outside of the layer and all inside.
    const at = {
      firstRow: hidden.shape[1] === x.shape[1] ? firstToken : 0,
      firstFeature: hidden.shape.at(-1) === features ? 0 : (slice?.ranges[0]?.[0] ?? 0),
      features,
    };
    const dropped = dropout(hidden, { dropRate: rates.dropRate }, `${place}.hidden`, streams, at);
    return dropout(this.fc2.forward(dropped), rates, place, streams, { firstRow: firstToken });
  }

  /** x + mlp of normalized x, as a pre-norm block has it. */
  forwardNormed(x: Tensor, norm: LayerNorm): Tensor {
    return this.fc2.forward(this.fc1.forwardNormed(x, norm), { inputActivation: this.activation, residual: x });
  }
}
