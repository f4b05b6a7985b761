import { expectation, type Random } from "@graticule/core";
import { mul, type Tensor, tensor } from "@tensorflow/tfjs-core";

/**
 * The random stream of a place in a model, such as `blocks.0.attn`, for an image of the batch. Asked twice for the same
 * it gives the same numbers; keyed by the image's number in its data set, what is dropped depends neither on the batch
 * that the image is in nor on the process that has it.
 */
export type DropoutStreams = (place: string, image: number) => Random;

export interface DropRates {
  /** Part of the values that become zero. */
  readonly dropRate: number;
  /** Part of the images of which all values become zero. */
  readonly dropPathRate?: number;
}

/** @throws {RangeError} unless rates lie from 0 to below 1. */
export function checkDropRates(where: string, { dropRate, dropPathRate = 0 }: DropRates): void {
  for (const [field, rate] of Object.entries({ dropRate, dropPathRate }))
    if (!(rate >= 0 && rate < 1)) throw new RangeError(expectation(where, `${field} from 0 to below 1`, `${rate}`));
}

/**
 * Sets values to zero at random, and whole images' (stochastic depth); what is left grows so that means stay.
 *
 * Shape: `[B, ...] → [B, ...]`.
 * Source: Srivastava et al. 2014, JMLR 15; Huang et al. 2016, arXiv:1603.09382, as a factor of what is kept (timm).
 */
export function dropout(x: Tensor, rates: DropRates, place: string, streams: DropoutStreams): Tensor {
  const { dropRate, dropPathRate = 0 } = rates;
  if (dropRate === 0 && dropPathRate === 0) return x;
  const images = x.shape[0] as number;
  const size = x.size / images;
  const factors = new Float32Array(x.size);
  const kept = 1 / ((1 - dropRate) * (1 - dropPathRate));
  for (let image = 0; image < images; image++) {
    const random = streams(place, image);
    if (dropPathRate > 0 && random.float() < dropPathRate) continue;
    const values = factors.subarray(image * size, (image + 1) * size).fill(kept);
    if (dropRate === 0) continue;
    // The gaps between dropped values are geometric: one draw for each of them, not for each value.
    const gap = (): number => Math.floor(Math.log(1 - random.float()) / Math.log(1 - dropRate));
    for (let at = gap(); at < size; at += 1 + gap()) values[at] = 0;
  }
  return mul(x, tensor(factors, x.shape));
}
