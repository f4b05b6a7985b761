import { Linear, Module } from "@graticule/nn";
import { mul, sigmoid, type Tensor, tidy } from "@tensorflow/tfjs-core";

/**
 * Gated MLP: down(silu(gate(x)) · up(x)).
 *
 * Shape: `[..., D] → [..., D]`.
 * Source: Shazeer 2020, eq. 6, arXiv:2002.05202.
 */
export class SwiGlu extends Module {
  readonly gateProj: Linear;
  readonly upProj: Linear;
  readonly downProj: Linear;

  constructor(embedDim: number, hiddenDim: number) {
    super();
    this.gateProj = new Linear(embedDim, hiddenDim, { bias: false });
    this.upProj = new Linear(embedDim, hiddenDim, { bias: false });
    this.downProj = new Linear(hiddenDim, embedDim, { bias: false });
  }

  forward(x: Tensor): Tensor {
    return tidy(() => {
      const gate = this.gateProj.forward(x);
      return this.downProj.forward(mul(mul(gate, sigmoid(gate)), this.upProj.forward(x)));
    });
  }
}
