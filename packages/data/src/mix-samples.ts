import { makeRandom, type Random } from "@graticule/core";
import type { Image } from "./resample.js";

/** How a sample is mixed with another one of the data set. */
export interface MixOptions {
  /** α of mixup's Beta(α, α), of which the share of the sample itself is drawn; 0 for none. */
  readonly mixup: number;
  /** α of cutmix's, as above; where both are above 0 each takes half of the samples. */
  readonly cutmix: number;
  /** Part of the samples that are mixed at all. 1 unless given. */
  readonly probability?: number;
}

/** What a sample is mixed with, drawn by its number and the epoch alone, so that neither workers nor ranks matter. */
export interface Mix {
  readonly partner: number;
  /** λ, what stays of the sample. */
  readonly share: number;
  /** Where the partner lies, of cutmix, as shares of height and width; the whole image is blended otherwise. */
  readonly box?: { readonly rows: readonly [number, number]; readonly columns: readonly [number, number] };
}

/** Draws what a sample is mixed with, among `length`; undefined for one that is not. */
export function drawMix(
  { mixup, cutmix, probability = 1 }: MixOptions,
  length: number,
  draw: { readonly seed: number; readonly epoch: number; readonly index: number },
): Mix | undefined {
  const random = makeRandom(draw.seed, "mix", draw.epoch, draw.index);
  if (random.float() >= probability) return undefined;
  const isCut = random.float() < (mixup > 0 ? 0.5 : 1) && cutmix > 0;
  const alpha = isCut ? cutmix : mixup;
  if (alpha === 0) return undefined;
  const [first, second] = [drawGamma(alpha, random), drawGamma(alpha, random)];
  const share = first + second > 0 ? first / (first + second) : 1;
  const partner = random.integer(length);
  if (!isCut) return { partner, share };
  const side = Math.sqrt(1 - share);
  const range = (center: number): [number, number] => [Math.max(0, center - side / 2), Math.min(1, center + side / 2)];
  return { partner, share, box: { rows: range(random.float()), columns: range(random.float()) } };
}

/**
 * Mixes a partner's pixels into an image's own and gives the share that stays of the image: of cutmix that of the pixels
 * that were left.
 *
 * Source: Zhang et al. 2018 (mixup), arXiv:1710.09412; Yun et al. 2019 (CutMix), arXiv:1905.04899.
 */
export function mixInto({ pixels, shape }: Image, partner: Image, { share, box }: Mix): number {
  if (!box) {
    for (let at = 0; at < pixels.length; at++)
      pixels[at] = share * (pixels[at] as number) + (1 - share) * (partner.pixels[at] as number);
    return share;
  }
  const [channels, height, width] = shape;
  const [top, bottom] = box.rows.map((part) => Math.round(part * height)) as [number, number];
  const [left, right] = box.columns.map((part) => Math.round(part * width)) as [number, number];
  for (let channel = 0; channel < channels; channel++)
    for (let row = top; row < bottom; row++) {
      const start = (channel * height + row) * width;
      pixels.set(partner.pixels.subarray(start + left, start + right), start + left);
    }
  return 1 - ((bottom - top) * (right - left)) / (height * width);
}

/** A value of the gamma distribution of a shape. Source: Marsaglia and Tsang 2000, doi:10.1145/358407.358414. */
function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random.float()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.float()) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}
