import { expectation } from "@graticule/core";
import type { Interval } from "../bootstrap.js";
import { type BlockBootstrapOptions, drawBlocks, intervalsOfSums } from "./block-bootstrap.js";

/** How intervals are drawn, with the block's length in time. */
export interface ScoreIntervals {
  readonly seed: number;
  /** Time within which errors depend on each other; 120 h (synoptic weather) or the lead time, if longer, if absent. */
  readonly blockHours?: number;
  /** Times that the samples are drawn anew; 1000 if absent. */
  readonly resamples?: number;
  /** Share of the resamples inside the interval; 0.95 if absent. */
  readonly level?: number;
}

/** What every number of one set of scores stands on. */
export interface ScoreProvenance {
  /** Who forecasts: `model`, `persistence`, … */
  readonly source: string;
  /** SHA-256 of the checkpoint, or null for baselines. */
  readonly checkpoint: string | null;
  /** Identifies the climatology of anomalies, e.g. the hash of its store and years; null without one. */
  readonly climatology: string | null;
  /** Identifies the truth, e.g. the hash of its store. */
  readonly truth: string;
}

/** One number with all that it takes to compute it again. */
export interface ScoreRecord extends ScoreProvenance {
  /** `weatherbench2.rmse`, `ensemble.crps-fair`, … */
  readonly definition: string;
  readonly value: number;
  /** In the channel's unit, its square, or none. */
  readonly unit: string;
  readonly interval: Interval | null;
  /** Of the interval. */
  readonly bootstrap: Required<BlockBootstrapOptions> | null;
  readonly channel: string;
  readonly levelHpa: number | null;
  readonly region: string;
  readonly leadTimeHours: number;
  readonly samples: number;
  /** First and last start of a forecast, ISO 8601. */
  readonly dates: readonly [first: string, last: string];
  readonly grid: string;
  readonly weights: string;
}

const HOUR_MILLISECONDS = 3_600_000;
const DEFAULT_BLOCK_HOURS = 120;

/** ISO 8601 of hours since 1970-01-01 00:00, to the minute. */
export function formatStart(hours: number): string {
  return `${new Date(hours * HOUR_MILLISECONDS).toISOString().slice(0, 16)}Z`;
}

/**
 * Length of the bootstrap's blocks in samples, from the usual step between starts.
 *
 * @throws {RangeError} if starts don't rise.
 */
function blockLengthOf(startHours: readonly number[], leadTimeHours: number, blockHours: number | undefined): number {
  const steps = startHours.slice(1).map((start, index) => start - (startHours[index] as number));
  if (steps.some((step) => !(step > 0)))
    throw new RangeError(
      expectation(
        "forecast scores",
        "samples in order of their starts",
        `starts that don't rise at ${leadTimeHours} h`,
        "Add them in order of time, each once.",
      ),
    );
  const step = steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 1;
  return Math.max(1, Math.ceil((blockHours ?? Math.max(DEFAULT_BLOCK_HOURS, leadTimeHours)) / step));
}

/** Measures statistics of the samples of one lead time; all of them on the same draws. */
export interface SampleMeasure {
  readonly bootstrap: Required<BlockBootstrapOptions> | null;
  /**
   * Values over all samples, and their intervals if they were asked for.
   *
   * Shape: terms `[samples, T]`; statistics take sums over samples, `[T]`.
   */
  measure(
    terms: Float64Array,
    statistics: (sums: Float64Array) => readonly number[],
  ): { readonly values: readonly number[]; readonly intervals: readonly (Interval | null)[] };
}

/**
 * Prepares to measure the samples of one lead time, with intervals if asked for.
 *
 * @throws {RangeError} if starts don't rise, or fewer than two blocks fit.
 */
export function makeSampleMeasure(
  startHours: readonly number[],
  leadTimeHours: number,
  intervals: ScoreIntervals | undefined,
): SampleMeasure {
  const count = startHours.length;
  function valuesOf(terms: Float64Array, statistics: (sums: Float64Array) => readonly number[]): readonly number[] {
    const sums = new Float64Array(terms.length / count);
    for (let at = 0; at < terms.length; at++)
      sums[at % sums.length] = (sums[at % sums.length] as number) + (terms[at] as number);
    return statistics(sums);
  }
  if (intervals === undefined)
    return {
      bootstrap: null,
      measure(terms, statistics) {
        const values = valuesOf(terms, statistics);
        return { values, intervals: values.map(() => null) };
      },
    };
  const { seed, blockHours, resamples = 1000, level = 0.95 } = intervals;
  const bootstrap = { seed, blockLength: blockLengthOf(startHours, leadTimeHours, blockHours), resamples, level };
  const draws = drawBlocks(count, bootstrap);
  return {
    bootstrap,
    measure: (terms, statistics) => ({
      values: valuesOf(terms, statistics),
      intervals: intervalsOfSums(terms, draws, statistics),
    }),
  };
}
