import { add, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { checkDropRates, type DropoutStreams, type DropRates, dropout } from "./dropout.js";
import { LayerNorm } from "./layer-norm.js";
import { type GeluForm, Mlp } from "./mlp.js";
import { Module } from "./module.js";
import { SelfAttention } from "./self-attention.js";

export interface TransformerBlockOptions extends Partial<DropRates> {
  readonly embedDim: number;
  readonly numHeads: number;
  /** Width inside the MLP. */
  readonly mlpDim: number;
  /** Of both norms. */
  readonly normEpsilon?: number;
  /** Default: the exact GELU. */
  readonly activation?: GeluForm;
}

/**
 * Pre-norm transformer block: `x + attn(norm1(x))`, then `+ mlp(norm2(·))`. Outside of a gradient its intermediate
 * tensors are freed on return.
 *
 * Given random streams it drops at its rates: values behind the attention, the GELU and the MLP, and whole branches.
 *
 * Shape: `[B, N, D] → [B, N, D]`.
 * Source: Dosovitskiy et al. 2021, eq. 2–3, arXiv:2010.11929; places of dropout as in timm's block.
 *
 * @throws {RangeError} if a rate is not from 0 to below 1.
 */
export class TransformerBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: SelfAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;

  readonly rates: Required<DropRates>;

  constructor(options: TransformerBlockOptions) {
    super();
    const { embedDim, numHeads, mlpDim, normEpsilon, activation, dropRate = 0, dropPathRate = 0 } = options;
    this.rates = { dropRate, dropPathRate };
    checkDropRates("TransformerBlock", this.rates);
    this.norm1 = new LayerNorm(embedDim, normEpsilon);
    this.attn = new SelfAttention(embedDim, numHeads);
    this.norm2 = new LayerNorm(embedDim, normEpsilon);
    this.mlp = new Mlp(embedDim, mlpDim, activation);
  }

  /** `mask`: which tokens are seen, bool `[B, N]`. */
  forward(x: Tensor, streams?: DropoutStreams, mask?: Tensor): Tensor {
    const { rates } = this;
    return tidy(() => {
      if (streams && (rates.dropRate > 0 || rates.dropPathRate > 0)) {
        const attention = this.attn.forwardNormed(x, this.norm1, { mask });
        const firstRow = streams.firstToken ?? 0;
        const attended = add(x, dropout(attention, rates, "attn", streams, { firstRow }));
        return add(attended, this.mlp.forwardDropped(attended, this.norm2, rates, "mlp", streams));
      }
      const attended = this.attn.forwardNormed(x, this.norm1, { residual: x, mask });
      return this.mlp.forwardNormed(attended, this.norm2);
    });
  }
}
