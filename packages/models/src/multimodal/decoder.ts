import { ShapeError } from "@graticule/core";
import { Embedding, Module, RmsNorm } from "@graticule/nn";
import { mul, type Tensor, type Tensor3D, tensor, tidy } from "@tensorflow/tfjs-core";
import type { DecoderCache } from "./decoder-cache.js";
import { checkDecoderConfig, type DecoderConfig, turnedHeadDim } from "./decoder-config.js";
import { DecoderLayer } from "./decoder-layer.js";
import { rotaryTables } from "./rotary.js";

export interface DecodeOptions {
  /** For each row, which tokens are text and not padding, those of the cache first; all unless given. */
  readonly seen?: readonly ArrayLike<number | boolean>[];
  /** Tokens before these, to which these are added. Not for training. */
  readonly cache?: DecoderCache;
}

/**
 * Transformer decoder with latent or grouped-query attention, gated MLPs and scaled embeddings and residuals, in the tensor
 * names of MiniCPM3 and Llama, whose scales are 1.
 * Positions count from a row's first token, padding included, which changes nothing: only distances matter.
 *
 * Shape: rows of token numbers → states `[B, N, D]`, normalized.
 * Source: Hu et al. 2024 (MiniCPM), §3, arXiv:2404.06395, for the scales; MiniCPM3 and Llama of transformers for the layers.
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
      const { cosines, sines } = rotaryTables(turnedHeadDim(this.config), this.config, past, tokens);
      const mask = seen
        ? paddedMask(seen, [batch, tokens], past)
        : past === 0
          ? "causal"
          : laterMask(batch, tokens, past);
      let x: Tensor = embeddings;
      for (const layer of this.layers) x = layer.forward(x, cosines, sines, mask, cache);
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
