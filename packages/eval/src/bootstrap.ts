import { makeRandom } from "@graticule/core";

/** Lower and upper end of an interval. */
export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  readonly seed: number;
  /** Times that the test set is drawn anew; 1000 settles the ends to about a tenth of the interval's width. */
  readonly resamples?: number;
  /** Share of the resamples inside the interval; 0.95 by custom. */
  readonly level?: number;
}

/** Quantile of rising values, linear between neighbours (Hyndman & Fan 1996, type 7; numpy's default). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * Percentile bootstrap: draws N of N items with replacement, measures each draw, and gives the middle `level` of
 * every statistic.
 *
 * Source: Efron & Tibshirani 1993, §13.3.
 *
 * @throws {RangeError} if there is no item, or resamples or level are out of range.
 */
export function bootstrapIntervals(
  numItems: number,
  statistics: (items: Int32Array) => readonly number[],
  { seed, resamples = 1000, level = 0.95 }: BootstrapOptions,
): Interval[] {
  if (!(numItems > 0 && Number.isInteger(resamples) && resamples > 0 && level > 0 && level < 1))
    throw new RangeError(
      `bootstrapIntervals: expected an item or more, resamples of 1 or more and 0 < level < 1, got ${numItems} items, resamples ${resamples}, level ${level}.`,
    );
  const random = makeRandom(seed, "bootstrap");
  const items = new Int32Array(numItems);
  const draws = Array.from({ length: resamples }, () => {
    for (let position = 0; position < numItems; position++) items[position] = random.integer(numItems);
    return statistics(items);
  });
  return (draws[0] as readonly number[]).map((_, index): Interval => {
    const sorted = Float64Array.from(draws, (draw) => draw[index] as number).sort();
    return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
  });
}
