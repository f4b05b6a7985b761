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

/**
 * Percentile intervals for statistics of a time series: blocks of neighboring samples are drawn with replacement from
 * all places where one fits, joined and cut to the series' length, so that the dependence of neighboring errors stays.
 * The same seed draws the same samples for every statistic.
 *
 * Source: Künsch 1989, "The jackknife and the bootstrap for general stationary observations", Ann. Statist. 17(3).
 *
 * @throws {RangeError} if fewer than two blocks fit, or resamples or level are out of range.
 */
export function blockBootstrapIntervals(
  numSamples: number,
  statistics: (samples: Int32Array) => readonly number[],
  { seed, blockLength, resamples = 1000, level = 0.95 }: BlockBootstrapOptions,
): Interval[] {
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
  const samples = new Int32Array(numSamples);
  const draws = Array.from({ length: resamples }, () => {
    for (let position = 0; position < numSamples; position += blockLength) {
      const start = random.integer(numSamples - blockLength + 1);
      for (let step = 0; step < blockLength && position + step < numSamples; step++)
        samples[position + step] = start + step;
    }
    return statistics(samples);
  });
  return (draws[0] as readonly number[]).map((_, index): Interval => {
    const sorted = Float64Array.from(draws, (draw) => draw[index] as number).sort();
    return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
  });
}
