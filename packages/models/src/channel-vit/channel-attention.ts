import { Linear, Module, Parameter } from "@graticule/nn";
import { attention, type ChannelAttentionParameters, channelAttention, linear } from "@graticule/ops";
import { add, matMul, mul, reshape, type Tensor, tensor2d } from "@tensorflow/tfjs-core";

/** Weight `[D, D]`, and a bias where it has one. */
class Projection extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(embedDim: number, hasBias: boolean) {
    super();
    this.weight = new Parameter([embedDim, embedDim]);
    this.bias = hasBias ? new Parameter([embedDim]) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight.variable, this.bias?.variable);
  }
}

/**
 * Cross-attention of one learned query over tokens: no norm, no residual, no MLP; each head's output goes through `proj`.
 *
 * Source: Nguyen et al. 2023 (ClimaX), §3.2 "variable aggregation", arXiv:2301.10343.
 */
export class ChannelAttention extends Module {
  readonly query: Parameter;
  readonly q: Projection;
  readonly k: Projection;
  readonly v: Projection;
  readonly proj: Linear;
  readonly numHeads: number;
  /** What queries, keys and values are made of passes here; who divides the heads among processes replaces it. */
  enter: (x: Tensor) => Tensor = (x) => x;

  constructor(options: { readonly embedDim: number; readonly numHeads: number; readonly aggregationBias: boolean }) {
    super();
    const { embedDim, numHeads, aggregationBias } = options;
    this.query = new Parameter([1, 1, embedDim]);
    this.q = new Projection(embedDim, aggregationBias);
    this.k = new Projection(embedDim, aggregationBias);
    this.v = new Projection(embedDim, aggregationBias);
    this.proj = new Linear(embedDim, embedDim);
    this.numHeads = numHeads;
  }

  /** One token out of several: `[R, G, D] → [R, D]`; `seen` has G values for each row, 1 where it sees the token. */
  forward(tokens: Tensor, seen?: Uint8Array): Tensor {
    const keys = this.enter(tokens);
    const [rows, groups] = keys.shape as [number, number, number];
    const options = seen ? { mask: tensor2d(seen, [rows, groups], "bool") } : {};
    const query = this.q.forward(this.enter(this.query.variable));
    const numHeads = this.#heads;
    const mixed = attention(query, this.k.forward(keys), this.v.forward(keys), { numHeads, ...options }); // [R, 1, D]
    return this.proj.forward(reshape(mixed, [rows, -1]));
  }

  /**
   * One token out of n channels, whose tokens would be weight · patch + bias and are never made.
   *
   * Shape: patches `[R, n·F]`, weight `[D, n·F]`, bias `[n, D]`, mask bool `[R, n]` → `[R, D]`.
   */
  reduceChannels(
    patches: Tensor,
    { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
    mask?: Tensor,
  ): Tensor {
    const options = { numHeads: this.#heads, ...(mask && { mask }) };
    const folded = this.#fold(this.enter(weight), this.enter(bias));
    return this.proj.forward(channelAttention(this.enter(patches), folded, options));
  }

  /** Query, keys and values in the patch embeddings. A key's bias adds the same to all scores, so it drops out. */
  #fold(weight: Tensor, bias: Tensor): ChannelAttentionParameters {
    const [embedDim, heads] = [weight.shape[0] as number, this.#heads];
    const headDim = embedDim / this.numHeads;
    const query = reshape(this.q.forward(this.enter(this.query.variable)), [heads, 1, headDim]);
    const keys = reshape(this.k.weight.variable, [heads, headDim, embedDim]);
    const scorer = mul(reshape(matMul(query, keys), [heads, embedDim]), 1 / Math.sqrt(headDim)); // [H, D]
    const values = this.v.weight.variable;
    const valueBias = matMul(values, bias, false, true); // [D, n]
    return {
      scoreWeight: matMul(scorer, weight),
      scoreBias: matMul(scorer, bias, false, true),
      valueWeight: matMul(values, weight),
      valueBias: this.v.bias ? add(valueBias, reshape(this.v.bias.variable, [-1, 1])) : valueBias,
    };
  }

  /** All heads, or those whose rows of the weights this process holds. */
  get #heads(): number {
    const [rows, embedDim] = this.q.weight.shape as [number, number];
    return (this.numHeads * rows) / embedDim;
  }
}
