import { expectation, type Random } from "@graticule/core";
import { mul, type Tensor, tensor } from "@tensorflow/tfjs-core";

/**
 * The random stream of a place in a model, such as `blocks.0.attn`, for an image of the batch. Asked twice for the same
 * it gives the same numbers; keyed by the image's number in its data set, what is dropped depends neither on the batch
 * that the image is in nor on the process that has it.
 */
export interface DropoutStreams {
  (place: string, image: number): Random;
  /** Where processes divide an image's tokens: the first that this one has. */
  readonly firstToken?: number;
}

export interface DropRates {
  /** Part of the values that become zero. */
  readonly dropRate: number;
  /** Part of the images of which all values become zero. */
  readonly dropPathRate?: number;
}

/** Which part of a tensor this process has: rows, such as tokens, and features (the last dim), from these on. */
export interface PlaceInWhole {
  readonly firstRow?: number;
  readonly firstFeature?: number;
  /** Features of the whole tensor. Default: those that are given. */
  readonly features?: number;
}

/** @throws {RangeError} unless rates lie from 0 to below 1. */
export function checkDropRates(where: string, { dropRate, dropPathRate = 0 }: DropRates): void {
  for (const [field, rate] of Object.entries({ dropRate, dropPathRate }))
    if (!(rate >= 0 && rate < 1)) throw new RangeError(expectation(where, `${field} from 0 to below 1`, `${rate}`));
}

/**
 * Sets values to zero at random, and whole images' (stochastic depth); what is left grows so that means stay. Whether a
 * value is dropped depends on its place in the whole tensor: a process that has a part of it drops what one process would.
 *
 * Shape: `[B, ..., D] → [B, ..., D]`.
 * Source: Srivastava et al. 2014, JMLR 15; Huang et al. 2016, arXiv:1603.09382, as a factor of what is kept (timm).
 */
export function dropout(
  x: Tensor,
  rates: DropRates,
  place: string,
  streams: DropoutStreams,
  { firstRow = 0, firstFeature = 0, features = x.shape.at(-1) as number }: PlaceInWhole = {},
): Tensor {
  const { dropRate, dropPathRate = 0 } = rates;
  if (dropRate === 0 && dropPathRate === 0) return x;
  const images = x.shape[0] as number;
  const size = x.size / images;
  const own = x.shape.at(-1) as number;
  const factors = new Float32Array(x.size);
  const kept = 1 / ((1 - dropRate) * (1 - dropPathRate));
  for (let image = 0; image < images; image++) {
    const random = streams(place, image);
    if (dropPathRate > 0 && random.float() < dropPathRate) continue;
    const values = factors.subarray(image * size, (image + 1) * size).fill(kept);
    if (dropRate === 0) continue;
    const first = firstRow * features + firstFeature;
    if (own === features) dropRun(values, first, dropRate, random);
    else
      for (let row = 0; row * own < size; row++)
        dropRun(values.subarray(row * own, (row + 1) * own), first + row * features, dropRate, random);
  }
  return mul(x, tensor(factors, x.shape));
}

/** Values that share a part of an image's stream: enough that its start costs little, few enough to start anywhere. */
const VALUES_PER_PART = 512;

/** Drops of the values that lie in the whole image from `first` on. */
function dropRun(values: Float32Array, first: number, dropRate: number, { float, jump }: Random): void {
  const ofGap = 1 / Math.log(1 - dropRate);
  const end = first + values.length;
  // The gaps between dropped values are geometric: one draw for each of them, not for each value.
  const gap = (): number => Math.floor(Math.log(1 - float()) * ofGap);
  for (let part = Math.floor(first / VALUES_PER_PART); part * VALUES_PER_PART < end; part++) {
    jump(1 + part); // behind part 0, which tells of the whole image
    const last = Math.min((part + 1) * VALUES_PER_PART, end);
    for (let at = part * VALUES_PER_PART + gap(); at < last; at += 1 + gap()) if (at >= first) values[at - first] = 0;
  }
}
