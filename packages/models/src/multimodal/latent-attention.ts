import { Linear, Module, RmsNorm } from "@graticule/nn";
import { attention } from "@graticule/ops";
import { concat, matMul, mul, pad, reshape, slice, type Tensor, tidy, tile, transpose } from "@tensorflow/tfjs-core";
import type { AttentionContext } from "./attention-context.js";
import type { LatentDecoderConfig } from "./decoder-config.js";
import { type RotaryTables, rotate } from "./rotary.js";

/** Epsilon of the norms inside of the attention, which no configuration names. */
const INNER_EPSILON = 1e-6;

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
  readonly config: LatentDecoderConfig;

  constructor(config: LatentDecoderConfig) {
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
      const own = this.#latents(x, rotary);
      const latents = cache ? cache.append(layer, own) : own;
      const q = this.#queries(x, rotary);
      // One token after many: its queries go to the latents, instead of keys and values being made of them all again.
      const isStep = x.shape[1] === 1 && latents.shape[1] !== 1 && !this.kvBProj.adapter;
      return this.oProj.forward(isStep ? this.#mixLatents(q, latents, mask) : this.#mixValues(q, latents, mask));
    });
  }

  /** With keys and values of each head: `[B, N, H·(nope + rope)] → [B, N, H·v]`. */
  #mixValues(q: Tensor, latents: Tensor, mask: AttentionContext["mask"]): Tensor {
    const { numHeads, nopeHeadDim, ropeHeadDim, valueHeadDim } = this.config;
    const [batch, tokens] = q.shape as [number, number, number];
    const { k, v } = this.#expand(latents);
    const mixed = attention(q, k, v, { numHeads, ...(mask && { mask }) });
    const heads = reshape(mixed, [batch, tokens, numHeads, nopeHeadDim + ropeHeadDim]);
    return reshape(slice(heads, [0, 0, 0, 0], [-1, -1, -1, valueHeadDim]), [batch, tokens, numHeads * valueHeadDim]);
  }

  /**
   * The same for one token, with the keys' matrix multiplied into the queries and the values' into what they find; all
   * heads then have the latents as keys and as values: `[B, 1, H·(nope + rope)] → [B, 1, H·v]`.
   */
  #mixLatents(q: Tensor, latents: Tensor, mask: AttentionContext["mask"]): Tensor {
    const { numHeads, keyValueRank, nopeHeadDim, ropeHeadDim, valueHeadDim } = this.config;
    const batch = q.shape[0] as number;
    const width = keyValueRank + ropeHeadDim;
    const matrices = reshape(this.kvBProj.weight.variable, [numHeads, nopeHeadDim + valueHeadDim, keyValueRank]);
    const ofKeys = slice(matrices, [0, 0, 0], [-1, nopeHeadDim, -1]);
    const ofValues = slice(matrices, [0, nopeHeadDim, 0], [-1, valueHeadDim, -1]);
    const heads = byHead(reshape(q, [batch, numHeads, nopeHeadDim + ropeHeadDim])); // [H, B, nope + rope]
    const plain = matMul(slice(heads, [0, 0, 0], [-1, -1, nopeHeadDim]), ofKeys); // [H, B, rank]
    const folded = byHead(concat([plain, slice(heads, [0, 0, nopeHeadDim], [-1, -1, ropeHeadDim])], 2));
    // Attention divides by the root of the width that it sees, which is not that of keys.
    const scaled = mul(folded, Math.sqrt(width / (nopeHeadDim + ropeHeadDim)));
    const options = { numHeads, numKeyValueHeads: 1, ...(mask && { mask }) };
    const found = attention(reshape(scaled, [batch, 1, numHeads * width]), latents, latents, options);
    const means = byHead(slice(reshape(found, [batch, numHeads, width]), [0, 0, 0], [-1, -1, keyValueRank]));
    return reshape(byHead(matMul(means, ofValues, false, true)), [batch, 1, numHeads * valueHeadDim]);
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

/** `[B, H, …] ↔ [H, B, …]`. */
const byHead = (x: Tensor): Tensor => transpose(x, [1, 0, 2]);
