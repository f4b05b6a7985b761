import type { LatentDecoderConfig } from "./decoder-config.js";
import type { ImageTextWork, TrainedShare } from "./image-text-flops.js";
import { type ImageTextConfig, ImageTextModel } from "./image-text-model.js";

/** Values of each part, by a model without storage. */
export interface ImageTextParameters {
  /** With the layer that scores tokens, where it has weights of its own. */
  readonly decoder: number;
  readonly vision: number;
  readonly resampler: number;
  readonly total: number;
}

export function imageTextParameters(config: ImageTextConfig): ImageTextParameters {
  const { llm, vpm, resampler } = new ImageTextModel(config);
  const [decoder, vision, between] = [llm, vpm, resampler].map((part) =>
    part.namedParameters().reduce((sum, [, { size }]) => sum + size, 0),
  ) as [number, number, number];
  return { decoder, vision, resampler: between, total: decoder + vision + between };
}

export interface TrainingMemoryOptions extends TrainedShare {
  /** What products compute and store in. */
  readonly precision: "fp32" | "bf16";
  /** Processes that share all state (ZeRO-3); each has a batch of its own. */
  readonly ranks: number;
}

/** Bytes of one process in a training step. */
export interface TrainingMemory {
  readonly weights: number;
  readonly gradients: number;
  /** AdamW's two moments. */
  readonly optimizer: number;
  /** What the backward pass needs of the forward pass. */
  readonly activations: number;
  readonly total: number;
}

/**
 * Memory of a training step, in closed form. What is trained is float32 with a gradient and two moments; a frozen base is
 * stored in bfloat16. Buffers of kernels and what `ranks` gather for a moment are not counted.
 */
export function imageTextMemory(
  config: ImageTextConfig,
  work: ImageTextWork,
  { loraValues, recompute, precision, ranks }: TrainingMemoryOptions,
): TrainingMemory {
  const { total } = imageTextParameters(config);
  const trained = loraValues ?? total;
  const frozen = loraValues === undefined ? 0 : total;
  const weights = (4 * trained + 2 * frozen) / ranks;
  const gradients = (4 * trained) / ranks;
  const optimizer = (8 * trained) / ranks;
  const activations = keptBytes(config, work, { precision, recompute, keepsVision: loraValues === undefined });
  return { weights, gradients, optimizer, activations, total: weights + gradients + optimizer + activations };
}

interface KeptOptions extends Pick<TrainingMemoryOptions, "precision" | "recompute"> {
  readonly keepsVision: boolean;
}

/** A token's scores and their gradient, in float32. */
const SCORE_BYTES = 8;

function keptBytes(
  config: ImageTextConfig,
  work: ImageTextWork,
  { precision, recompute, keepsVision }: KeptOptions,
): number {
  const { decoder, vision } = config;
  const keptBy = (depth: number, layer: number, input: number): number =>
    recompute ? depth * input + layer : depth * layer;
  const layers =
    work.batch * work.tokens * keptBy(decoder.depth, decoderLayerBytes(decoder, precision), 4 * decoder.embedDim);
  const blocks =
    work.images * work.patches * keptBy(vision.depth, visionBlockBytes(config, precision), 4 * vision.embedDim);
  return layers + (keepsVision ? blocks : 0) + work.scoredTokens * decoder.vocabSize * SCORE_BYTES;
}

/**
 * Bytes that a decoder layer keeps of each token: of `[dim, values in fp32, in bf16]` the sum over what the implementation
 * saves, which the memory meter confirms.
 */
function decoderLayerBytes(config: LatentDecoderConfig, precision: "fp32" | "bf16"): number {
  const { embedDim, mlpDim, numHeads, queryRank, keyValueRank, nopeHeadDim, ropeHeadDim, valueHeadDim } = config;
  const kept: readonly (readonly [dim: number, fp32: number, bf16: number])[] = [
    [embedDim, 32, 20],
    [mlpDim, 20, 10],
    [numHeads * nopeHeadDim, 32, 20],
    [numHeads * ropeHeadDim, 48, 38],
    [numHeads * valueHeadDim, 12, 6],
    [numHeads, 4, 4],
    [queryRank ?? 0, 8, 4],
    [keyValueRank, 20, 14],
    [ropeHeadDim, 36, 30],
  ];
  return kept.reduce((sum, [dim, fp32, bf16]) => sum + dim * (precision === "bf16" ? bf16 : fp32), 0);
}

function visionBlockBytes({ vision }: ImageTextConfig, precision: "fp32" | "bf16"): number {
  const { embedDim, mlpDim, numHeads } = vision;
  const [ofTokens, ofMlp] = precision === "bf16" ? [16, 4] : [24, 8];
  return ofTokens * embedDim + ofMlp * mlpDim + 4 * numHeads;
}
