import { expectation } from "@graticule/core";
import { checkPositive } from "../vit/config.js";

/** Frequencies of rotary positions beyond the context that a model was first trained at. */
export interface LongRope {
  /** ropeHeadDim / 2 divisors of the frequencies, up to `originalContext` tokens. */
  readonly shortFactors: readonly number[];
  /** The same for longer texts. */
  readonly longFactors: readonly number[];
  /** Tokens. */
  readonly originalContext: number;
  /** How many times longer the context became. */
  readonly growth: number;
}

/** Shape of a language model with latent attention and scaled residuals; MiniCPM3's. */
export interface DecoderConfig {
  /** Number of different tokens. */
  readonly vocabSize: number;
  /** D. */
  readonly embedDim: number;
  /** Number of layers. */
  readonly depth: number;
  readonly numHeads: number;
  /** Width inside the gated MLP. */
  readonly mlpDim: number;
  /** Width that queries pass through; undefined where one layer makes them. */
  readonly queryRank: number | undefined;
  /** Width that keys and values are made from, and that a cache holds. */
  readonly keyValueRank: number;
  /** Of a head's queries and keys, numbers without positions. */
  readonly nopeHeadDim: number;
  /** Of a head's queries and keys, numbers that positions turn; those of keys are all heads' own. */
  readonly ropeHeadDim: number;
  readonly valueHeadDim: number;
  /** Of the norms of layers and of the last one. */
  readonly normEpsilon: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  readonly longRope: LongRope | undefined;
  /** Tokens at most. */
  readonly contextLength: number;
  /** Factor of token embeddings. */
  readonly embeddingScale: number;
  /** Each branch is added times this / √depth. */
  readonly depthScale: number;
  /** The last states are divided by embedDim / this before they become logits. */
  readonly logitBaseDim: number;
  /** Whether logits are made by the token embeddings' weight. */
  readonly tieEmbeddings: boolean;
}

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkDecoderConfig(config: DecoderConfig): DecoderConfig {
  const where = "decoderConfig";
  const lengths = ["vocabSize", "embedDim", "depth", "numHeads", "mlpDim", "keyValueRank", "nopeHeadDim"] as const;
  for (const field of [...lengths, "ropeHeadDim", "valueHeadDim", "contextLength"] as const)
    checkPositive(where, field, config[field]);
  if (config.queryRank !== undefined) checkPositive(where, "queryRank", config.queryRank);
  for (const field of ["normEpsilon", "ropeTheta", "embeddingScale", "depthScale", "logitBaseDim"] as const)
    if (!(config[field] > 0)) throw new RangeError(expectation(where, `${field} above 0`, `${config[field]}`));
  const { ropeHeadDim, nopeHeadDim, valueHeadDim, longRope } = config;
  if (ropeHeadDim % 2 !== 0) throw new RangeError(expectation(where, "an even ropeHeadDim", `${ropeHeadDim}`));
  if (valueHeadDim > nopeHeadDim + ropeHeadDim)
    throw new RangeError(
      expectation(where, `valueHeadDim of at most ${nopeHeadDim + ropeHeadDim}, the width of keys`, `${valueHeadDim}`),
    );
  for (const field of ["shortFactors", "longFactors"] as const)
    if (longRope && longRope[field].length !== ropeHeadDim / 2)
      throw new RangeError(expectation(where, `${ropeHeadDim / 2} longRope.${field}`, `${longRope[field].length}`));
  return Object.freeze({ ...config });
}
