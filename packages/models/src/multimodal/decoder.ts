import { ShapeError } from "@graticule/core";
import { Embedding, Linear, Module, RmsNorm } from "@graticule/nn";
import { add, mul, sigmoid, type Tensor, type Tensor3D, tensor, tidy } from "@tensorflow/tfjs-core";
import { checkDecoderConfig, type DecoderConfig } from "./decoder-config.js";
import { type AttentionContext, LatentAttention } from "./latent-attention.js";
import type { LatentCache } from "./latent-cache.js";
import { rotaryTables } from "./rotary.js";

/**
 * Gated MLP: down(silu(gate(x)) · up(x)).
 *
 * Shape: `[..., D] → [..., D]`.
 * Source: Shazeer 2020, eq. 6, arXiv:2002.05202.
 */
export class SwiGlu extends Module {
  readonly gateProj: Linear;
  readonly upProj: Linear;
  readonly downProj: Linear;

  constructor(embedDim: number, hiddenDim: number) {
    super();
    this.gateProj = new Linear(embedDim, hiddenDim, { bias: false });
    this.upProj = new Linear(embedDim, hiddenDim, { bias: false });
    this.downProj = new Linear(hiddenDim, embedDim, { bias: false });
  }

  forward(x: Tensor): Tensor {
    return tidy(() => {
      const gate = this.gateProj.forward(x);
      return this.downProj.forward(mul(mul(gate, sigmoid(gate)), this.upProj.forward(x)));
    });
  }
}

/** Pre-norm layer whose branches are scaled by depthScale / √depth before they are added: `[B, N, D] → [B, N, D]`. */
export class DecoderLayer extends Module {
  readonly selfAttn: LatentAttention;
  readonly mlp: SwiGlu;
  readonly inputLayernorm: RmsNorm;
  readonly postAttentionLayernorm: RmsNorm;
  readonly index: number;
  readonly #branchScale: number;

  constructor(config: DecoderConfig, index: number) {
    super();
    this.index = index;
    this.selfAttn = new LatentAttention(config);
    this.mlp = new SwiGlu(config.embedDim, config.mlpDim);
    this.inputLayernorm = new RmsNorm(config.embedDim, config.normEpsilon);
    this.postAttentionLayernorm = new RmsNorm(config.embedDim, config.normEpsilon);
    this.#branchScale = config.depthScale / Math.sqrt(config.depth);
  }

  forward(x: Tensor, context: AttentionContext): Tensor {
    return tidy(() => {
      const attended = this.selfAttn.forward(this.inputLayernorm.forward(x), this.index, context);
      const between = add(x, mul(attended, this.#branchScale));
      return add(between, mul(this.mlp.forward(this.postAttentionLayernorm.forward(between)), this.#branchScale));
    });
  }
}

export interface DecodeOptions {
  /** For each row, which tokens are text and not padding, those of the cache first; all unless given. */
  readonly seen?: readonly ArrayLike<number | boolean>[];
  /** Tokens before these, to which these are added. Not for training. */
  readonly cache?: LatentCache;
}

/**
 * Transformer decoder with latent attention, gated MLPs and scaled embeddings and residuals, in MiniCPM3's tensor names.
 * Positions count from a row's first token, padding included, which changes nothing: only distances matter.
 *
 * Shape: rows of token numbers → states `[B, N, D]`, normalized.
 * Source: Hu et al. 2024 (MiniCPM), §3, arXiv:2404.06395, for the scales; MiniCPM3 of transformers for the layers.
 *
 * @throws {RangeError} if there are more tokens than `contextLength`.
 * @throws {ShapeError} if embeddings are not `[B, N, embedDim]`, or `seen` doesn't name each token.
 */
export class Decoder extends Module {
  readonly embedTokens: Embedding;
  readonly layers: DecoderLayer[];
  readonly norm: RmsNorm;
  readonly config: DecoderConfig;

  constructor(config: DecoderConfig) {
    super();
    this.config = checkDecoderConfig(config);
    const { vocabSize, embedDim, depth, normEpsilon } = config;
    this.embedTokens = new Embedding(vocabSize, embedDim);
    this.layers = Array.from({ length: depth }, (_, index) => new DecoderLayer(config, index));
    this.norm = new RmsNorm(embedDim, normEpsilon);
  }

  /** Token numbers to scaled embeddings: rows of N → `[B, N, D]`. */
  embed(rows: readonly ArrayLike<number>[]): Tensor3D {
    return tidy(() => mul(this.embedTokens.forward(rows), this.config.embeddingScale) as Tensor3D);
  }

  forward(rows: readonly ArrayLike<number>[], options: DecodeOptions = {}): Tensor3D {
    return tidy(() => this.forwardEmbedded(this.embed(rows), options));
  }

  /** Of scaled embeddings, such as tokens with those of images between: `[B, N, D] → [B, N, D]`. */
  forwardEmbedded(embeddings: Tensor, { seen, cache }: DecodeOptions = {}): Tensor3D {
    const { embedDim, contextLength } = this.config;
    const [batch, tokens, width] = embeddings.shape as [number, number, number];
    if (embeddings.rank !== 3 || width !== embedDim)
      throw new ShapeError("Decoder", `embeddings [B, N, ${embedDim}]`, `[${embeddings.shape.join(", ")}]`);
    const past = cache?.length ?? 0;
    if (past + tokens > contextLength)
      throw new RangeError(
        `Decoder: expected at most ${contextLength} tokens, got ${past + tokens}. Shorten the text or the images.`,
      );
    return tidy(() => {
      const rotary = rotaryTables(this.config, past, tokens);
      const mask = seen
        ? paddedMask(seen, [batch, tokens], past)
        : past === 0
          ? "causal"
          : laterMask(batch, tokens, past);
      let x: Tensor = embeddings;
      for (const layer of this.layers) x = layer.forward(x, { rotary, mask, cache });
      return this.norm.forward(x) as Tensor3D;
    });
  }
}

/** Causal and without padding: bool `[B, 1, N, past + N]`. */
function paddedMask(
  seen: readonly ArrayLike<number | boolean>[],
  [batch, tokens]: readonly [number, number],
  past: number,
): Tensor {
  const keys = past + tokens;
  if (seen.length !== batch || seen.some(({ length }) => length !== keys))
    throw new ShapeError(
      "Decoder",
      `seen [${batch}, ${keys}], with the tokens of the cache`,
      `[${seen.length}, ${[...new Set(seen.map(({ length }) => length))].join(" or ")}]`,
    );
  const values = new Uint8Array(batch * tokens * keys);
  for (let row = 0; row < batch; row++)
    for (let query = 0; query < tokens; query++)
      for (let key = 0; key <= past + query; key++)
        values[(row * tokens + query) * keys + key] = seen[row]?.[key] ? 1 : 0;
  return tensor(values, [batch, 1, tokens, keys], "bool");
}

/** Of tokens after a cache's; one alone sees all. */
function laterMask(batch: number, tokens: number, past: number): Tensor | undefined {
  if (tokens === 1) return undefined;
  const everyToken = new Uint8Array(past + tokens).fill(1);
  return paddedMask(
    Array.from({ length: batch }, () => everyToken),
    [batch, tokens],
    past,
  );
}
