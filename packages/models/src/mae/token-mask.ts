import { expectation, makeRandom, type Random } from "@graticule/core";

/** Which patches of each image of a batch the encoder sees. */
export interface TokenMask {
  /** B. */
  readonly batchSize: number;
  /** N, patches per image. */
  readonly numTokens: number;
  /** K, patches kept per image. */
  readonly numKept: number;
  /** Indices of the kept patches, in the order in which the encoder sees them. Shape: `[B·K]`. */
  readonly keep: Int32Array;
  /** For each patch, its place among the kept patches followed by the masked ones. Shape: `[B·N]`. */
  readonly restore: Int32Array;
  /** 1 where a patch is masked, 0 where it is kept. Shape: `[B·N]`. */
  readonly mask: Float32Array;
}

/**
 * The mask that keeps the first `numKept` patches of each image's shuffle (MAE's `ids_shuffle`).
 *
 * @throws {RangeError} if there is no image, a shuffle doesn't hold each of 0 … N − 1 once, or `numKept` is not in 1 … N.
 */
export function maskFromShuffles(shuffles: readonly Int32Array[], numKept: number): TokenMask {
  const batchSize = shuffles.length;
  if (batchSize === 0) throw new RangeError(expectation("maskFromShuffles", "at least one image", "none"));
  const numTokens = shuffles[0]!.length;
  if (!(Number.isInteger(numKept) && numKept >= 1 && numKept <= numTokens))
    throw new RangeError(
      expectation("maskFromShuffles", `to keep 1 to ${numTokens} of ${numTokens} patches`, `${numKept}`),
    );
  const keep = new Int32Array(batchSize * numKept);
  const restore = new Int32Array(batchSize * numTokens);
  const mask = new Float32Array(batchSize * numTokens).fill(1);
  for (const [sample, shuffle] of shuffles.entries()) {
    if (shuffle.length !== numTokens || !isPermutation(shuffle))
      throw new RangeError(
        expectation(
          "maskFromShuffles",
          `each of 0 to ${numTokens - 1} once in the shuffle of image ${sample}`,
          `[${shuffle.subarray(0, 8).join(", ")}${shuffle.length > 8 ? ", …" : ""}]`,
        ),
      );
    keep.set(shuffle.subarray(0, numKept), sample * numKept);
    for (const [place, patch] of shuffle.entries()) restore[sample * numTokens + patch] = place;
    for (const patch of shuffle.subarray(0, numKept)) mask[sample * numTokens + patch] = 0;
  }
  return { batchSize, numTokens, numKept, keep, restore, mask };
}

function isPermutation(shuffle: Int32Array): boolean {
  const seen = new Uint8Array(shuffle.length);
  for (const patch of shuffle) seen[patch] = 1;
  return !seen.includes(0);
}

/**
 * Masks `numTokens − floor(numTokens · (1 − maskRatio))` patches of each image, drawn from that image's own stream.
 *
 * Source: He et al. 2022, §3, arXiv:2111.06377.
 *
 * @throws {RangeError} if `maskRatio` is not in [0, 1) or leaves no patch.
 */
export function makeRandomMask(options: {
  /** One stream per image of the batch. */
  readonly randoms: readonly Random[];
  readonly numTokens: number;
  readonly maskRatio: number;
}): TokenMask {
  const { randoms, numTokens, maskRatio } = options;
  const numKept = Math.floor(numTokens * (1 - maskRatio));
  if (!(maskRatio >= 0 && maskRatio < 1) || numKept < 1)
    throw new RangeError(
      expectation(
        "makeRandomMask",
        `maskRatio in [0, 1) that keeps at least one of ${numTokens} patches`,
        `${maskRatio}`,
      ),
    );
  return maskFromShuffles(
    randoms.map((random) => random.permutation(numTokens)),
    numKept,
  );
}

/**
 * The pretraining mask of a batch: each image's depends on (seed, epoch, dataset index) alone, so it is the same in any
 * batch, on any rank and after a resume.
 *
 * @throws {RangeError} as `makeRandomMask`.
 */
export function makeMaeMask(options: {
  readonly seed: number;
  readonly epoch: number;
  /** Dataset index of each image of the batch. */
  readonly indices: ArrayLike<number>;
  readonly numTokens: number;
  readonly maskRatio: number;
}): TokenMask {
  const { seed, epoch, indices, numTokens, maskRatio } = options;
  const randoms = Array.from(indices, (index) => makeRandom(seed, "mae-mask", epoch, index));
  return makeRandomMask({ randoms, numTokens, maskRatio });
}
