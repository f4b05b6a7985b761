import { attention, type LinearOptions, selfAttention } from "@graticule/ops";
import { split, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { AttentionAdapter } from "./attention-adapter.js";
import type { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";

/**
 * Multi-head self-attention: one linear layer makes queries, keys and values, one mixes the heads' outputs.
 *
 * Shape: `[B, N, D] → [B, N, D]`.
 * Source: Vaswani et al. 2017, §3.2, arXiv:1706.03762; layout of qkv as in timm.
 *
 * @throws {RangeError} if `numHeads` doesn't divide `embedDim`.
 */
export class SelfAttention extends Module {
  readonly qkv: Linear;
  readonly proj: Linear;
  readonly numHeads: number;
  /** Mixes tokens in its stead; none unless set. */
  adapter: AttentionAdapter | undefined;
  readonly #headDim: number;

  constructor(embedDim: number, numHeads: number) {
    super();
    if (embedDim % numHeads !== 0)
      throw new RangeError(
        `SelfAttention: expected numHeads to divide embedDim ${embedDim}, got ${numHeads}. Choose a divisor.`,
      );
    this.qkv = new Linear(embedDim, 3 * embedDim);
    this.proj = new Linear(embedDim, embedDim);
    this.numHeads = numHeads;
    this.#headDim = embedDim / numHeads;
  }

  forward(x: Tensor): Tensor {
    return this.proj.forward(this.#mix(this.qkv.forward(x), undefined));
  }

  /**
   * x + attention of normalized x, as a pre-norm block has it; without a residual the attention alone. `mask`: which
   * tokens are seen, bool `[B, N]`.
   */
  forwardNormed(
    x: Tensor,
    norm: LayerNorm,
    { mask, ...options }: Pick<LinearOptions, "residual"> & { readonly mask?: Tensor | undefined } = { residual: x },
  ): Tensor {
    return this.proj.forward(this.#mix(this.qkv.forwardNormed(x, norm), mask), options);
  }

  /** Of all heads, or of those whose rows of `qkv` this process holds. */
  #mix(qkv: Tensor, mask: Tensor | undefined): Tensor {
    const numHeads = (qkv.shape[2] as number) / (3 * this.#headDim);
    if (this.adapter) return this.adapter.mix(qkv, numHeads, mask);
    if (!mask) return selfAttention(qkv, numHeads);
    return tidy(() => {
      const [q, k, v] = split(qkv, 3, 2) as [Tensor, Tensor, Tensor];
      return attention(q, k, v, { numHeads, mask });
    });
  }
}
