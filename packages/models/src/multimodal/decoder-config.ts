import { expectation } from "@graticule/core";
import { checkDivides, checkPositive } from "../vit/config.js";

/** Divisors of rotary frequencies, for positions beyond the context that a model was first trained at. */
export interface LongRope {
  /** One for each pair of numbers that positions turn, up to `originalContext` tokens. */
  readonly shortFactors: readonly number[];
  /** The same for longer texts. */
  readonly longFactors: readonly number[];
  /** Tokens. */
  readonly originalContext: number;
  /** How many times longer the context became, where attention is scaled by it; 1 where it isn't. */
  readonly growth: number;
}

interface DecoderShape {
  /** Number of different tokens. */
  readonly vocabSize: number;
  /** D. */
  readonly embedDim: number;
  /** Number of layers. */
  readonly depth: number;
  /** Heads of queries. */
  readonly numHeads: number;
  /** Width inside the gated MLP. */
  readonly mlpDim: number;
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

/** Shape of a language model with latent attention; MiniCPM3's. */
export interface LatentDecoderConfig extends DecoderShape {
  /** The usual one. */
  readonly attention?: "latent";
  /** Width that queries pass through; undefined where one layer makes them. */
  readonly queryRank: number | undefined;
  /** Width that keys and values are made from, and that a cache holds. */
  readonly keyValueRank: number;
  /** Of a head's queries and keys, numbers without positions. */
  readonly nopeHeadDim: number;
  /** Of a head's queries and keys, numbers that positions turn; those of keys are all heads' own. */
  readonly ropeHeadDim: number;
  readonly valueHeadDim: number;
}

/** Shape of a language model whose heads of queries share fewer heads of keys and values; Llama's. */
export interface GroupedQueryDecoderConfig extends DecoderShape {
  readonly attention: "grouped-query";
  /** Heads of keys and values; they divide those of queries. */
  readonly numKeyValueHeads: number;
  /** Of queries, keys and values; numHeads of them need not be embedDim. */
  readonly headDim: number;
}

/** Shape of a language model. */
export type DecoderConfig = LatentDecoderConfig | GroupedQueryDecoderConfig;

/** Of a head's queries and keys, how many numbers positions turn. */
export const turnedHeadDim = (config: DecoderConfig): number =>
  config.attention === "grouped-query" ? config.headDim : config.ropeHeadDim;

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkDecoderConfig<C extends DecoderConfig>(config: C): C {
  const where = "decoderConfig";
  for (const field of ["vocabSize", "embedDim", "depth", "numHeads", "mlpDim", "contextLength"] as const)
    checkPositive(where, field, config[field]);
  for (const field of ["normEpsilon", "ropeTheta", "embeddingScale", "depthScale", "logitBaseDim"] as const)
    if (!(config[field] > 0)) throw new RangeError(expectation(where, `${field} above 0`, `${config[field]}`));
  if (config.attention === "grouped-query") checkGroups(where, config);
  else checkLatents(where, config);
  const turned = turnedHeadDim(config);
  if (turned % 2 !== 0)
    throw new RangeError(
      expectation(where, `an even ${config.attention === "grouped-query" ? "headDim" : "ropeHeadDim"}`, `${turned}`),
    );
  const { longRope } = config;
  for (const field of ["shortFactors", "longFactors"] as const)
    if (longRope && longRope[field].length !== turned / 2)
      throw new RangeError(expectation(where, `${turned / 2} longRope.${field}`, `${longRope[field].length}`));
  const copy: C = { ...config };
  Object.freeze(copy);
  return copy;
}

function checkGroups(where: string, config: GroupedQueryDecoderConfig): void {
  const { numHeads, numKeyValueHeads } = config;
  for (const field of ["numKeyValueHeads", "headDim"] as const) checkPositive(where, field, config[field]);
  checkDivides(where, "numKeyValueHeads", numKeyValueHeads, "numHeads", numHeads);
}

function checkLatents(where: string, config: LatentDecoderConfig): void {
  for (const field of ["keyValueRank", "nopeHeadDim", "ropeHeadDim", "valueHeadDim"] as const)
    checkPositive(where, field, config[field]);
  const { queryRank, nopeHeadDim, ropeHeadDim, valueHeadDim } = config;
  if (queryRank !== undefined) checkPositive(where, "queryRank", queryRank);
  if (valueHeadDim > nopeHeadDim + ropeHeadDim)
    throw new RangeError(
      expectation(where, `valueHeadDim of at most ${nopeHeadDim + ropeHeadDim}, the width of keys`, `${valueHeadDim}`),
    );
}
