import { expectation, makeRandom } from "@graticule/core";
import { makeRandomMask } from "../mae/token-mask.js";

/** Which channels of which patches of a batch a masked autoencoder sees. */
export interface SpectralMask {
  /** B. */
  readonly batchSize: number;
  /** N, patches per image. */
  readonly numTokens: number;
  /** C. */
  readonly numChannels: number;
  /** 1 where a channel of a patch is masked, 0 where it is seen. Shape: `[B·N·C]`. */
  readonly masked: Uint8Array;
}

export interface SpectralMaskOptions {
  readonly seed: number;
  readonly epoch: number;
  /** Dataset index of each image of the batch. */
  readonly indices: ArrayLike<number>;
  readonly numTokens: number;
  readonly numChannels: number;
  /** Neighboring channels that are seen or masked together, since neighbors tell each other; the last run may be shorter. */
  readonly channelsPerBlock: number;
  readonly maskRatio: number;
}

/**
 * Masks `maskRatio` of the cells of each image, a cell being one patch in one run of channels, drawn from that image's
 * own stream: the same in any batch, on any rank and after a resume.
 *
 * @throws {RangeError} if `maskRatio` is not in [0, 1) or leaves no cell, or the block is not of 1 to C channels.
 */
export function makeSpectralMask(options: SpectralMaskOptions): SpectralMask {
  const { seed, epoch, indices, numTokens, numChannels, channelsPerBlock, maskRatio } = options;
  if (!(Number.isSafeInteger(channelsPerBlock) && channelsPerBlock > 0 && channelsPerBlock <= numChannels))
    throw new RangeError(
      expectation("makeSpectralMask", `channelsPerBlock from 1 to ${numChannels}`, `${channelsPerBlock}`),
    );
  const blocks = Math.ceil(numChannels / channelsPerBlock);
  const randoms = Array.from(indices, (index) => makeRandom(seed, "spectral-mask", epoch, index));
  const cells = makeRandomMask({ randoms, numTokens: numTokens * blocks, maskRatio });
  const masked = new Uint8Array(cells.batchSize * numTokens * numChannels);
  for (let row = 0; row < cells.batchSize * numTokens; row++)
    for (let channel = 0; channel < numChannels; channel++)
      masked[row * numChannels + channel] = cells.mask[row * blocks + Math.floor(channel / channelsPerBlock)] as number;
  return { batchSize: cells.batchSize, numTokens, numChannels, masked };
}
