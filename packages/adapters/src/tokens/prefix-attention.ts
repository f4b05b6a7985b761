import { makeRandom } from "@graticule/core";
import { type AttentionAdapter, Module, Parameter, type SelfAttention } from "@graticule/nn";
import { attention, selfAttention } from "@graticule/ops";
import { concat, ones, reshape, slice, split, type Tensor, tidy, tile } from "@tensorflow/tfjs-core";
import { AdaptedModule } from "../adapted-module.js";

/** Keys and values of n virtual tokens, side by side: `[n, 2D]`, a layer's columns of PEFT's `prompt_embeddings`. */
export class PrefixPart extends Module {
  readonly prefix: Parameter;

  constructor(numVirtualTokens: number, embedDim: number, seed: number, key: string) {
    super();
    this.prefix = new Parameter([numVirtualTokens, 2 * embedDim]);
    this.prefix.assignLater(() => {
      const random = makeRandom(seed, "prefix", key);
      return Float32Array.from({ length: numVirtualTokens * 2 * embedDim }, () => random.normal());
    });
  }
}

/**
 * Self-attention whose queries also see the learned keys and values of virtual tokens.
 *
 * Source: Li and Liang 2021, arXiv:2101.00190, in the form of Liu et al. 2022 (P-tuning v2), arXiv:2110.07602.
 */
export class PrefixAttention extends AdaptedModule<PrefixPart> implements AttentionAdapter {
  readonly #attention: SelfAttention;

  constructor(path: string, attention: SelfAttention) {
    super(path);
    this.#attention = attention;
    attention.adapter = this;
  }

  mix(qkv: Tensor, numHeads: number, mask?: Tensor): Tensor {
    const { active } = this;
    if (active.length === 0 && !mask) return selfAttention(qkv, numHeads);
    return tidy(() => {
      const [batch, , width] = qkv.shape as [number, number, number];
      const embedDim = width / 3;
      const [q, k, v] = split(qkv, 3, 2) as [Tensor, Tensor, Tensor];
      const virtual = (first: number): Tensor[] =>
        active.map(([, { prefix }]) => {
          const [tokens] = prefix.shape as [number];
          const columns = slice(prefix.variable, [0, first], [-1, embedDim]);
          return tile(reshape(columns, [1, tokens, embedDim]), [batch, 1, 1]);
        });
      const [keys, values] = [concat([...virtual(0), k], 1), concat([...virtual(embedDim), v], 1)];
      const added = (keys.shape[1] as number) - (k.shape[1] as number);
      // Every query sees the virtual tokens.
      const seen = mask && concat([ones([batch, added], "bool"), mask], 1);
      return attention(q, keys, values, { numHeads, ...(seen && { mask: seen }) });
    });
  }

  protected override detach(): void {
    this.#attention.adapter = undefined;
  }
}
