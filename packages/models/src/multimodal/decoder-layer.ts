import { Module, RmsNorm } from "@graticule/nn";
import { add, mul, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { AttentionContext } from "./attention-context.js";
import type { DecoderConfig } from "./decoder-config.js";
import { GroupedQueryAttention } from "./grouped-query-attention.js";
import { LatentAttention } from "./latent-attention.js";
import { SwiGlu } from "./swi-glu.js";

/**
 * Pre-norm layer whose branches are scaled by depthScale / √depth before they are added.
 *
 * Shape: `[B, N, D] → [B, N, D]`; cosines and sines as in `RotaryTables`.
 */
export class DecoderLayer extends Module {
  readonly selfAttn: LatentAttention | GroupedQueryAttention;
  readonly mlp: SwiGlu;
  readonly inputLayernorm: RmsNorm;
  readonly postAttentionLayernorm: RmsNorm;
  readonly index: number;
  readonly #branchScale: number;

  constructor(config: DecoderConfig, index: number) {
    super();
    this.index = index;
    this.selfAttn =
      config.attention === "grouped-query" ? new GroupedQueryAttention(config) : new LatentAttention(config);
    this.mlp = new SwiGlu(config.embedDim, config.mlpDim);
    this.inputLayernorm = new RmsNorm(config.embedDim, config.normEpsilon);
    this.postAttentionLayernorm = new RmsNorm(config.embedDim, config.normEpsilon);
    this.#branchScale = config.depthScale / Math.sqrt(config.depth);
  }

  /** What the attention's context has, one by one: `applyRecompute` keeps arguments that are tensors. */
  forward(
    x: Tensor,
    cosines: Tensor,
    sines: Tensor,
    mask: AttentionContext["mask"],
    cache: AttentionContext["cache"],
  ): Tensor {
    return tidy(() => {
      const context = { rotary: { cosines, sines }, mask, cache };
      const attended = this.selfAttn.forward(this.inputLayernorm.forward(x), this.index, context);
      const between = add(x, mul(attended, this.#branchScale));
      return add(between, mul(this.mlp.forward(this.postAttentionLayernorm.forward(between)), this.#branchScale));
    });
  }
}
