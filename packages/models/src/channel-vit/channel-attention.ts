import { Linear, Module, Parameter } from "@graticule/nn";
import { type ChannelAttentionParameters, channelAttention, linear, queryAttention } from "@graticule/ops";
import { add, any as anyOf, cast, matMul, mul, reshape, type Tensor, tensor2d } from "@tensorflow/tfjs-core";

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
    const [rows, groups] = tokens.shape as [number, number, number];
    const mask = seen && tensor2d(seen, [rows, groups], "bool");
    const parameters = { scoreWeight: this.#scorer(), valueWeight: this.v.weight.variable };
    const mixed = queryAttention(this.enter(tokens), parameters, mask); // [R, D]
    const bias = this.v.bias?.variable;
    if (!bias) return this.proj.forward(mixed);
    const any = mask && cast(anyOf(mask, 1, true), "float32"); // a row that sees nothing gives nothing
    return this.proj.forward(add(mixed, any ? mul(any, bias) : bias));
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

  /** The query in the matrix of the keys: `[H, D]`. A key's bias adds the same to all scores, so it drops out. */
  #scorer(): Tensor {
    const [embedDim, heads] = [this.k.weight.shape[1] as number, this.#heads];
    const headDim = embedDim / this.numHeads;
    const query = reshape(this.q.forward(this.enter(this.query.variable)), [heads, 1, headDim]);
    const keys = reshape(this.k.weight.variable, [heads, headDim, embedDim]);
    return mul(reshape(matMul(query, keys), [heads, embedDim]), 1 / Math.sqrt(headDim));
  }

  /** Query, keys and values in the patch embeddings. */
  #fold(weight: Tensor, bias: Tensor): ChannelAttentionParameters {
    const scorer = this.#scorer();
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
