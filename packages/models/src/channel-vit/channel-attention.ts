import { Linear, Module, Parameter } from "@graticule/nn";
import { attention, type ChannelAttentionParameters, channelAttention, linear } from "@graticule/ops";
import { add, matMul, mul, reshape, stack, type Tensor, tensor2d } from "@tensorflow/tfjs-core";

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

  /** One token out of several: G of `[R, D]` → `[R, D]`; `seen` has G values for each row, 1 where it sees the token. */
  forward(tokens: readonly Tensor[], seen?: Uint8Array): Tensor {
    const keys = stack([...tokens], 1); // [R, G, D]
    const [rows, groups, embedDim] = keys.shape as [number, number, number];
    const options = seen ? { mask: tensor2d(seen, [rows, groups], "bool") } : {};
    const mixed = attention(this.q.forward(this.query.variable), this.k.forward(keys), this.v.forward(keys), {
      numHeads: this.numHeads,
      ...options,
    }); // [R, 1, D]
    return this.proj.forward(reshape(mixed, [rows, embedDim]));
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
    const options = { numHeads: this.numHeads, ...(mask && { mask }) };
    return this.proj.forward(channelAttention(patches, this.#fold(weight, bias), options));
  }

  /** Query, keys and values in the patch embeddings. A key's bias adds the same to all scores, so it drops out. */
  #fold(weight: Tensor, bias: Tensor): ChannelAttentionParameters {
    const [embedDim, heads] = [weight.shape[0] as number, this.numHeads];
    const headDim = embedDim / heads;
    const query = reshape(this.q.forward(this.query.variable), [heads, 1, headDim]);
    const keys = reshape(this.k.weight.variable, [heads, headDim, embedDim]);
    const scorer = mul(reshape(matMul(query, keys), [heads, embedDim]), 1 / Math.sqrt(headDim)); // [H, D]
    const values = this.v.weight.variable;
    const valueBias = matMul(values, bias, false, true); // [D, n]
    return {
      scoreWeight: matMul(scorer, weight),
      scoreBias: matMul(scorer, bias, false, true),
      valueWeight: matMul(values, weight),
      valueBias: this.v.bias ? add(valueBias, reshape(this.v.bias.variable, [embedDim, 1])) : valueBias,
    };
  }
}
