import { type MaeConfig, maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
import { blockFlops } from "./block-flops.js";
import { randomImages } from "./random-images.js";
import { makeTrainingStep } from "./training-step.js";

const MASK_RATIO = 0.75;

/** Makes a model and a batch of random images in memory; each call is one step: forward, backward, AdamW, loss read. */
export function makeMaeStep(config: MaeConfig, batchSize: number): (epoch: number) => number {
  const model = makeMae(config, { seed: 0 });
  const images = randomImages(config, batchSize);
  const indices = Int32Array.from({ length: batchSize }, (_, index) => index);
  return makeTrainingStep(model, (epoch) => {
    const mask = makeMaeMask({ seed: 0, epoch, indices, numTokens: numPatches(config), maskRatio: MASK_RATIO });
    return maeLoss(model, images, mask, { normPix: true });
  });
}

/** Matrix-product FLOPs of one image's training step, 3 × forward: the peer script's own formula. */
export function maeStepFlops(config: MaeConfig): number {
  const { embedDim, depth, patchSize, inChannels, decoderEmbedDim, decoderDepth } = config;
  const tokens = numPatches(config);
  const kept = Math.floor(tokens * (1 - MASK_RATIO)) + 1;
  const all = tokens + 1;
  const patchValues = inChannels * patchSize * patchSize;
  const encoder = 2 * (kept - 1) * patchValues * embedDim + depth * blockFlops(kept, embedDim);
  const embed = 2 * kept * embedDim * decoderEmbedDim;
  const decoder = decoderDepth * blockFlops(all, decoderEmbedDim) + 2 * all * decoderEmbedDim * patchValues;
  return 3 * (encoder + embed + decoder);
}
