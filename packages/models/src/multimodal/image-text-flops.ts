import type { LatentDecoderConfig } from "./decoder-config.js";
import type { ImageTextConfig } from "./image-text-model.js";

/** What one pass of an image-text model works on. */
export interface ImageTextWork {
  /** Rows of a batch. */
  readonly batch: number;
  /** Tokens of a row, those of its images too. */
  readonly tokens: number;
  /** Images and slices of a whole batch. */
  readonly images: number;
  /** Patches of the largest of them, which the others are padded to. */
  readonly patches: number;
  /** Tokens of the batch whose next one is scored: all of them, or those of answers alone. */
  readonly scoredTokens: number;
}

/** Multiplications and additions of matrix products, those of attention too, by part. */
export interface ImageTextFlops {
  readonly vision: number;
  readonly resampler: number;
  /** Layers with weights, and queries with keys and values. */
  readonly decoder: { readonly weights: number; readonly attention: number };
  readonly head: number;
  readonly total: number;
}

/** A product of so many rows: 2 · rows · in · out. */
const product = (rows: number, inputs: number, outputs: number): number => 2 * rows * inputs * outputs;

/**
 * Operations of a forward pass, in closed form. All pairs of tokens count in attention, also those that a mask hides, and
 * values at the width of keys, as they are computed.
 */
export function imageTextFlops(config: ImageTextConfig, work: ImageTextWork): ImageTextFlops {
  const { batch, tokens, scoredTokens } = work;
  const { embedDim, depth, vocabSize, numHeads, nopeHeadDim, ropeHeadDim } = config.decoder;
  const width = numHeads * (nopeHeadDim + ropeHeadDim);
  const decoder = {
    weights: depth * product(batch * tokens, 1, layerWeights(config.decoder)),
    attention: depth * 2 * product(batch * tokens, tokens, width),
  };
  const head = product(scoredTokens, embedDim, vocabSize);
  const [vision, resampler] = [visionFlops(config, work), resamplerFlops(config, work)];
  return { vision, resampler, decoder, head, total: vision + resampler + decoder.weights + decoder.attention + head };
}

/** Values in the matrices of a decoder layer, each of which a token is multiplied by once. */
function layerWeights(config: LatentDecoderConfig): number {
  const { embedDim, mlpDim, numHeads, queryRank, keyValueRank, nopeHeadDim, ropeHeadDim, valueHeadDim } = config;
  const queries = numHeads * (nopeHeadDim + ropeHeadDim);
  return (
    (queryRank === undefined ? embedDim * queries : queryRank * (embedDim + queries)) +
    embedDim * (keyValueRank + ropeHeadDim) +
    keyValueRank * numHeads * (nopeHeadDim + valueHeadDim) +
    numHeads * valueHeadDim * embedDim +
    3 * embedDim * mlpDim
  );
}

function visionFlops({ vision }: ImageTextConfig, { images, patches }: ImageTextWork): number {
  const { embedDim, depth, mlpDim, inChannels, patchSize } = vision;
  const rows = images * patches;
  const block = product(rows, embedDim, 4 * embedDim + 2 * mlpDim) + 2 * product(rows, patches, embedDim);
  return product(rows, inChannels * patchSize ** 2, embedDim) + depth * block;
}

/** The queries, which are the same for all images, are made once. */
function resamplerFlops({ resampler }: ImageTextConfig, { images, patches }: ImageTextWork): number {
  if (images === 0) return 0;
  const { numQueries, embedDim, visionDim } = resampler;
  const ofImages = product(images * patches, embedDim, visionDim + 2 * embedDim);
  const attention = 2 * product(images * numQueries, patches, embedDim);
  return (
    ofImages +
    attention +
    product(numQueries, embedDim, embedDim) +
    product(images * numQueries, embedDim, 2 * embedDim)
  );
}

/** How a step trains: all of the model, or low-rank updates of the decoder's layers below a frozen base. */
export interface TrainedShare {
  /** Values of the updates; all of the model is trained if undefined. */
  readonly loraValues: number | undefined;
  /** Whether layers and blocks are computed again in the backward pass. */
  readonly recompute: boolean;
}

/**
 * Operations of a training step. A trained product takes two more in the backward pass, a frozen one a single one, for the
 * gradient of its input; the vision tower and resampler below a frozen base take none.
 */
export function imageTextStepFlops(
  config: ImageTextConfig,
  work: ImageTextWork,
  { loraValues, recompute }: TrainedShare,
): number {
  const { vision, resampler, decoder, head, total } = imageTextFlops(config, work);
  const layers = decoder.weights + decoder.attention;
  const again = recompute ? layers + (loraValues === undefined ? vision : 0) : 0;
  if (loraValues === undefined) return 3 * total + again;
  const updates = product(work.batch * work.tokens, 1, loraValues);
  const backward = decoder.weights + 2 * decoder.attention + 2 * updates + head;
  return vision + resampler + layers + head + updates + backward + again + (recompute ? updates : 0);
}
