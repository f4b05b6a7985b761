import { expectation, makeRandom } from "@graticule/core";
import { type Interval, quantile } from "../bootstrap.js";

export interface BlockBootstrapOptions {
  readonly seed: number;
  /** Neighboring samples that are drawn together; longer than their errors depend on each other. */
  readonly blockLength: number;
  /** Times that the samples are drawn anew; 1000 if absent. */
  readonly resamples?: number;
  /** Share of the resamples inside the interval; 0.95 if absent. */
  readonly level?: number;
}

/** Blocks that were drawn, so that many statistics can share them. */
export interface BlockDraws {
  readonly numSamples: number;
  readonly blockLength: number;
  /** First sample of each block; `[resamples, blocks]`. The last block is cut to the series' length. */
  readonly starts: Int32Array;
  /** R */
  readonly resamples: number;
  readonly level: number;
}

/**
 * Draws blocks of neighboring samples with replacement from all places where one fits.
 *
 * @throws {RangeError} if fewer than two blocks fit, or resamples or level are out of range.
 */
export function drawBlocks(
  numSamples: number,
  { seed, blockLength, resamples = 1000, level = 0.95 }: BlockBootstrapOptions,
): BlockDraws {
  if (!(Number.isInteger(blockLength) && blockLength > 0 && 2 * blockLength <= numSamples))
    throw new RangeError(
      expectation(
        "blockBootstrapIntervals",
        `blocks of 1 to ${Math.floor(numSamples / 2)} samples, half of ${numSamples}`,
        `${blockLength}`,
        "Score more dates or take shorter blocks.",
      ),
    );
  if (!(Number.isInteger(resamples) && resamples > 0 && level > 0 && level < 1))
    throw new RangeError(
      expectation(
        "blockBootstrapIntervals",
        "resamples of 1 or more and 0 < level < 1",
        `resamples ${resamples}, level ${level}`,
      ),
    );
  const random = makeRandom(seed, "block-bootstrap");
  const starts = new Int32Array(resamples * Math.ceil(numSamples / blockLength));
  for (let at = 0; at < starts.length; at++) starts[at] = random.integer(numSamples - blockLength + 1);
  return { numSamples, blockLength, starts, resamples, level };
}

/**
 * Percentile intervals for statistics of a time series: blocks of neighboring samples are drawn with replacement, joined
 * and cut to the series' length, so that the dependence of neighboring errors stays. The same seed draws the same samples
 * for every statistic.
 *
 * Source: Künsch 1989, "The jackknife and the bootstrap for general stationary observations", Ann. Statist. 17(3).
 *
 * @throws {RangeError} if fewer than two blocks fit, or resamples or level are out of range.
 */
export function blockBootstrapIntervals(
  numSamples: number,
  statistics: (samples: Int32Array) => readonly number[],
  options: BlockBootstrapOptions,
): Interval[] {
  const draws = drawBlocks(numSamples, options);
  const { blockLength, starts } = draws;
  const samples = new Int32Array(numSamples);
  let next = 0;
  return percentileIntervals(draws, () => {
    for (let position = 0; position < numSamples; position += blockLength) {
      const start = starts[next++] as number;
      for (let step = 0; step < blockLength && position + step < numSamples; step++)
        samples[position + step] = start + step;
    }
    return statistics(samples);
  });
}

/**
 * The same intervals for statistics that depend on samples by sums over them alone: each block is summed once for all
 * draws.
 *
 * Shape: terms `[numSamples, T]`; statistics take sums `[T]`, which are theirs for the time of the call.
 */
export function intervalsOfSums(
  terms: Float64Array,
  draws: BlockDraws,
  statistics: (sums: Float64Array) => readonly number[],
): Interval[] {
  const { numSamples, blockLength, starts, resamples } = draws;
  const width = terms.length / numSamples;
  const blocks = starts.length / resamples;
  const whole = sumRuns(terms, width, numSamples - blockLength + 1, blockLength);
  const cut = sumRuns(terms, width, numSamples - blockLength + 1, numSamples - (blocks - 1) * blockLength);
  const sums = new Float64Array(width);
  let next = 0;
  return percentileIntervals(draws, () => {
    sums.fill(0);
    for (let block = 0; block < blocks; block++) {
      const runs = block === blocks - 1 ? cut : whole;
      const from = (starts[next++] as number) * width;
      for (let term = 0; term < width; term++) sums[term] = (sums[term] as number) + (runs[from + term] as number);
    }
    return statistics(sums);
  });
}

/** Sums of `length` neighbors from each of `count` places on. */
function sumRuns(terms: Float64Array, width: number, count: number, length: number): Float64Array {
  const runs = new Float64Array(count * width);
  for (let start = 0; start < count; start++)
    for (let at = start * width; at < (start + length) * width; at++) {
      const to = start * width + (at % width);
      runs[to] = (runs[to] as number) + (terms[at] as number);
    }
  return runs;
}

/** Asks for the statistics of each draw in turn. */
function percentileIntervals({ resamples, level }: BlockDraws, draw: () => readonly number[]): Interval[] {
  const drawn = Array.from({ length: resamples }, draw);
  return (drawn[0] as readonly number[]).map((_, index): Interval => {
    const sorted = Float64Array.from(drawn, (values) => values[index] as number).sort();
    return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
  });
}
