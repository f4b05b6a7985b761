import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { LayerNorm } from "./layer-norm.js";
import { Mlp } from "./mlp.js";
import { Module } from "./module.js";
import { SelfAttention } from "./self-attention.js";

/**
 * Pre-norm transformer block: `x + attn(norm1(x))`, then `+ mlp(norm2(·))`. Outside of a gradient its intermediate
 * tensors are freed on return.
 *
 * Shape: `[B, N, D] → [B, N, D]`.
 * Source: Dosovitskiy et al. 2021, eq. 2–3, arXiv:2010.11929.
 */
export class TransformerBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: SelfAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;

  constructor(options: { readonly embedDim: number; readonly numHeads: number; readonly mlpDim: number }) {
    super();
    this.norm1 = new LayerNorm(options.embedDim);
    this.attn = new SelfAttention(options.embedDim, options.numHeads);
    this.norm2 = new LayerNorm(options.embedDim);
    this.mlp = new Mlp(options.embedDim, options.mlpDim);
  }

  forward(x: Tensor): Tensor {
    return tidy(() => {
      const attended = this.attn.forwardNormed(x, this.norm1);
      return this.mlp.forwardNormed(attended, this.norm2);
    });
  }
}
