import { Linear, Module } from "@graticule/nn";
import { attention } from "@graticule/ops";
import { concat, reshape, split, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { AttentionContext } from "./attention-context.js";
import type { GroupedQueryDecoderConfig } from "./decoder-config.js";
import { type RotaryTables, rotate } from "./rotary.js";

/**
 * Attention whose heads of queries share fewer heads of keys and values; positions turn queries and keys whole. Names are
 * Llama's.
 *
 * Shape: `[B, N, D] → [B, N, D]`.
 * Source: Ainslie et al. 2023, §2.2, arXiv:2305.13245; halves of the rotation as in transformers' Llama.
 */
export class GroupedQueryAttention extends Module {
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly oProj: Linear;
  readonly config: GroupedQueryDecoderConfig;

  constructor(config: GroupedQueryDecoderConfig) {
    super();
    this.config = config;
    const { embedDim, numHeads, numKeyValueHeads, headDim } = config;
    const bias = false;
    this.qProj = new Linear(embedDim, numHeads * headDim, { bias });
    this.kProj = new Linear(embedDim, numKeyValueHeads * headDim, { bias });
    this.vProj = new Linear(embedDim, numKeyValueHeads * headDim, { bias });
    this.oProj = new Linear(numHeads * headDim, embedDim, { bias });
  }

  forward(x: Tensor, layer: number, { rotary, mask, cache }: AttentionContext): Tensor {
    const { numHeads, numKeyValueHeads } = this.config;
    return tidy(() => {
      const q = this.#turn(this.qProj.forward(x), numHeads, rotary);
      const ownKeys = this.#turn(this.kProj.forward(x), numKeyValueHeads, rotary);
      const ownValues = this.vProj.forward(x);
      const [k, v] = cache
        ? (split(cache.append(layer, concat([ownKeys, ownValues], 2)), 2, 2) as [Tensor, Tensor])
        : [ownKeys, ownValues];
      return this.oProj.forward(attention(q, k, v, { numHeads, numKeyValueHeads, ...(mask && { mask }) }));
    });
  }

  /** `[B, N, heads · headDim]`, each head by its position's angles. */
  #turn(x: Tensor, heads: number, rotary: RotaryTables): Tensor {
    const [batch, tokens] = x.shape as [number, number];
    return reshape(rotate(reshape(x, [batch, tokens, heads, this.config.headDim]), rotary), x.shape);
  }
}
