import { Linear, Module, RmsNorm } from "@graticule/nn";
import { attention } from "@graticule/ops";
import { concat, pad, reshape, slice, type Tensor, tidy, tile } from "@tensorflow/tfjs-core";
import type { DecoderConfig } from "./decoder-config.js";
import type { LatentCache } from "./latent-cache.js";
import { type RotaryTables, rotate } from "./rotary.js";

/** Epsilon of the norms inside of the attention, which no configuration names. */
const INNER_EPSILON = 1e-6;

/** What the tokens of one pass have in common. */
export interface AttentionContext {
  readonly rotary: RotaryTables;
  /** Which tokens, those before included, each one sees; all if undefined. */
  readonly mask: Tensor | "causal" | undefined;
  readonly cache: LatentCache | undefined;
}

/**
 * Multi-head latent attention: keys and values of all heads are made from one narrow latent for each token, and queries
 * from another; a part of each key, which all heads share, carries the position.
 *
 * Shape: `[B, N, D] → [B, N, D]`.
 * Source: DeepSeek-AI 2024 (DeepSeek-V2), §2.1 and eq. 37–47, arXiv:2405.04434; names and halves of the rotation as in
 * MiniCPM3.
 */
export class LatentAttention extends Module {
  readonly qProj: Linear | undefined;
  readonly qAProj: Linear | undefined;
  readonly qALayernorm: RmsNorm | undefined;
  readonly qBProj: Linear | undefined;
  readonly kvAProjWithMqa: Linear;
  readonly kvALayernorm: RmsNorm;
  readonly kvBProj: Linear;
  readonly oProj: Linear;
  readonly config: DecoderConfig;

  constructor(config: DecoderConfig) {
    super();
    this.config = config;
    const { embedDim, numHeads, queryRank, keyValueRank, nopeHeadDim, ropeHeadDim, valueHeadDim } = config;
    const queries = numHeads * (nopeHeadDim + ropeHeadDim);
    const bias = false;
    if (queryRank === undefined) this.qProj = new Linear(embedDim, queries, { bias });
    else {
      this.qAProj = new Linear(embedDim, queryRank, { bias });
      this.qALayernorm = new RmsNorm(queryRank, INNER_EPSILON);
      this.qBProj = new Linear(queryRank, queries, { bias });
    }
    this.kvAProjWithMqa = new Linear(embedDim, keyValueRank + ropeHeadDim, { bias });
    this.kvALayernorm = new RmsNorm(keyValueRank, INNER_EPSILON);
    this.kvBProj = new Linear(keyValueRank, numHeads * (nopeHeadDim + valueHeadDim), { bias });
    this.oProj = new Linear(numHeads * valueHeadDim, embedDim, { bias });
  }

  forward(x: Tensor, layer: number, { rotary, mask, cache }: AttentionContext): Tensor {
    return tidy(() => {
      const { numHeads, nopeHeadDim, ropeHeadDim, valueHeadDim } = this.config;
      const [batch, tokens] = x.shape as [number, number, number];
      const keyDim = nopeHeadDim + ropeHeadDim;
      const own = this.#latents(x, rotary);
      const { k, v } = this.#expand(cache ? cache.append(layer, own) : own);
      const mixed = attention(this.#queries(x, rotary), k, v, { numHeads, ...(mask && { mask }) });
      const values = slice(reshape(mixed, [batch, tokens, numHeads, keyDim]), [0, 0, 0, 0], [-1, -1, -1, valueHeadDim]);
      return this.oProj.forward(reshape(values, [batch, tokens, numHeads * valueHeadDim]));
    });
  }

  /** `[B, N, D] → [B, N, H·(nope + rope)]`. */
  #queries(x: Tensor, rotary: RotaryTables): Tensor {
    const { numHeads, nopeHeadDim, ropeHeadDim } = this.config;
    const [batch, tokens] = x.shape as [number, number, number];
    const narrow = this.qAProj && this.qALayernorm?.forward(this.qAProj.forward(x));
    const q = narrow ? (this.qBProj as Linear).forward(narrow) : (this.qProj as Linear).forward(x);
    const heads = reshape(q, [batch, tokens, numHeads, nopeHeadDim + ropeHeadDim]);
    const plain = slice(heads, [0, 0, 0, 0], [-1, -1, -1, nopeHeadDim]);
    const turned = rotate(slice(heads, [0, 0, 0, nopeHeadDim], [-1, -1, -1, ropeHeadDim]), rotary);
    return reshape(concat([plain, turned], 3), q.shape);
  }

  /** Normalized latents with the turned part of the keys: `[B, N, D] → [B, N, keyValueRank + rope]`. */
  #latents(x: Tensor, rotary: RotaryTables): Tensor {
    const { keyValueRank, ropeHeadDim } = this.config;
    const [batch, tokens] = x.shape as [number, number, number];
    const both = this.kvAProjWithMqa.forward(x);
    const latent = this.kvALayernorm.forward(slice(both, [0, 0, 0], [-1, -1, keyValueRank]));
    const key = reshape(slice(both, [0, 0, keyValueRank], [-1, -1, ropeHeadDim]), [batch, tokens, 1, ropeHeadDim]);
    return concat([latent, reshape(rotate(key, rotary), [batch, tokens, ropeHeadDim])], 2);
  }

  /** Keys, and values filled up with zeros to their width: two of `[B, N, H·(nope + rope)]`. */
  #expand(latents: Tensor): { readonly k: Tensor; readonly v: Tensor } {
    const { numHeads, keyValueRank, nopeHeadDim, ropeHeadDim, valueHeadDim } = this.config;
    const [batch, tokens] = latents.shape as [number, number, number];
    const expanded = this.kvBProj.forward(slice(latents, [0, 0, 0], [-1, -1, keyValueRank]));
    const heads = reshape(expanded, [batch, tokens, numHeads, nopeHeadDim + valueHeadDim]);
    const shared = reshape(slice(latents, [0, 0, keyValueRank], [-1, -1, -1]), [batch, tokens, 1, ropeHeadDim]);
    const plain = slice(heads, [0, 0, 0, 0], [-1, -1, -1, nopeHeadDim]);
    const values = slice(heads, [0, 0, 0, nopeHeadDim], [-1, -1, -1, valueHeadDim]);
    const width = [batch, tokens, numHeads * (nopeHeadDim + ropeHeadDim)];
    const missing = nopeHeadDim + ropeHeadDim - valueHeadDim;
    return {
      k: reshape(concat([plain, tile(shared, [1, 1, numHeads, 1])], 3), width),
      v: reshape(
        pad(values, [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, missing],
        ]),
        width,
      ),
    };
  }
}
