import type { Random } from "@graticule/core";
import type { Image } from "./resample.js";

/** How large a rectangle is erased, as a share of the image, and its height to width. */
export interface ErasedRectangle {
  readonly area: readonly [low: number, high: number];
  readonly ratio: readonly [low: number, high: number];
}

const TRIES = 10;

/**
 * Puts standard normal noise in place of a random rectangle, the same one in all channels, into `erased` if given, which may
 * be the image's own pixels. For normalized images.
 *
 * Shape: `[C, H, W] → [C, H, W]`.
 * Source: Zhong et al. 2020, algorithm 1, arXiv:1708.04896; noise for each pixel as in MAE's fine-tuning.
 */
export function eraseRectangle(
  { pixels, shape }: Image,
  { area, ratio }: ErasedRectangle,
  random: Random,
  erased: Float32Array = Float32Array.from(pixels),
): Image {
  const [channels, height, width] = shape;
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const size = height * width * (area[0] + (area[1] - area[0]) * random.float());
    const aspect = Math.exp(low + (high - low) * random.float());
    const [rows, columns] = [Math.round(Math.sqrt(size * aspect)), Math.round(Math.sqrt(size / aspect))];
    if (rows < 1 || columns < 1 || rows >= height || columns >= width) continue;
    const top = random.integer(height - rows + 1);
    const left = random.integer(width - columns + 1);
    for (let channel = 0; channel < channels; channel++)
      for (let row = top; row < top + rows; row++) {
        const start = (channel * height + row) * width + left;
        for (let at = start; at < start + columns; at++) erased[at] = random.normal();
      }
    break;
  }
  return { pixels: erased, shape };
}
