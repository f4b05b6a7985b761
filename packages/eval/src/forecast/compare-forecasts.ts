import { MismatchError } from "@graticule/core";
import type { Interval } from "../bootstrap.js";
import { fillErrorTerms, SUMS_PER_FIELD, scoresOfTerms, termsPerSample } from "./error-sums.js";
import { describeSamples, type ForecastScores, type LeadSamples, sortedLeads } from "./forecast-scores.js";
import { METRICS, type MetricName, protocols } from "./protocol.js";
import { makeSampleMeasure, type ScoreIntervals, type ScoreRecord } from "./score-record.js";

/** Difference of two sources over the same samples: `value` is the source's score minus the baseline's. */
export interface ScoreDifference extends Omit<ScoreRecord, "unit"> {
  readonly baseline: string;
  readonly baselineCheckpoint: string | null;
  /**
   * Share of the baseline's error that is gone: 1 − a/b for errors, of their sizes for bias, of 1 − ACC for correlation.
   * 1 is perfect, 0 no better, negative worse.
   */
  readonly improvement: number;
  readonly improvementInterval: Interval;
  /** Whether the interval of the difference leaves 0 out. */
  readonly significant: boolean;
}

/**
 * Compares two sources sample by sample, so that what makes a day hard for both cancels out: each draw of the block
 * bootstrap takes the same samples of both.
 *
 * @throws {MismatchError} if protocol, grid, channels, regions, truth, lead times or starts differ.
 * @throws {RangeError} if starts don't rise or fewer than two blocks fit.
 */
export function compareForecasts(
  scores: ForecastScores,
  baseline: ForecastScores,
  intervals: ScoreIntervals,
): ScoreDifference[] {
  assertSameSamples("compareForecasts", scores, baseline);
  const { options, regions } = scores;
  const { channels } = options;
  const protocol = protocols[options.protocol];
  return sortedLeads(scores.leads).flatMap(([leadTimeHours, { startHours, sums }]) => {
    const others = (baseline.leads.get(leadTimeHours) as LeadSamples).sums;
    const { bootstrap, measure } = makeSampleMeasure(startHours, leadTimeHours, intervals);
    return channels.flatMap((channel, channelAt) =>
      regions.flatMap((region, regionAt) => {
        const place = (channelAt * regions.length + regionAt) * SUMS_PER_FIELD;
        const width = termsPerSample(protocol);
        const terms = new Float64Array(2 * width * sums.length);
        for (const [side, rows] of [sums, others].entries())
          fillErrorTerms(protocol, rows, place, { terms, stride: 2 * width, offset: side * width });
        const measured = measure(terms, (total) => {
          const [ours, theirs] = [scoresOfTerms(protocol, total), scoresOfTerms(protocol, total, width)];
          return METRICS.flatMap((metric) => {
            const [a, b] = [ours[metric], theirs[metric]];
            return [a - b, improvementOf(metric, a, b)];
          });
        });
        const shared = describeSamples(options, channel, region, leadTimeHours, startHours);
        return METRICS.map((metric, at): ScoreDifference => {
          const interval = measured.intervals[2 * at] as Interval;
          return {
            definition: `${options.protocol}.${metric}`,
            value: measured.values[2 * at] as number,
            interval,
            improvement: measured.values[2 * at + 1] as number,
            improvementInterval: measured.intervals[2 * at + 1] as Interval,
            significant: interval[0] > 0 || interval[1] < 0,
            bootstrap,
            baseline: baseline.options.source,
            baselineCheckpoint: baseline.options.checkpoint,
            ...shared,
          };
        }).filter(({ definition }) => options.climatology !== null || !definition.endsWith(".acc"));
      }),
    );
  });
}

function improvementOf(metric: MetricName, score: number, baseline: number): number {
  if (metric === "acc") return 1 - (1 - score) / (1 - baseline);
  return 1 - Math.abs(score) / Math.abs(baseline);
}

/** @throws {MismatchError} that names what differs between the samples of two sets of scores. */
export function assertSameSamples(where: string, scores: ForecastScores, baseline: ForecastScores): void {
  const facts = ({ options, regions, leads }: ForecastScores): Readonly<Record<string, string>> => ({
    protocol: options.protocol,
    latitudes: Array.from(options.grid.latitudes).join(" "),
    longitudes: Array.from(options.grid.longitudes).join(" "),
    channels: options.channels.map(({ name }) => name).join(", "),
    regions: JSON.stringify(regions),
    truth: options.truth,
    climatology: String(options.climatology),
    "lead times": sortedLeads(leads)
      .map(([lead]) => lead)
      .join(", "),
    starts: sortedLeads(leads)
      .map(([, { startHours }]) => startHours.join(" "))
      .join("; "),
  });
  const [ours, theirs] = [facts(scores), facts(baseline)];
  const name = Object.keys(ours).find((key) => ours[key] !== theirs[key]);
  if (name === undefined) return;
  const short = (text: string | undefined): string =>
    text !== undefined && text.length > 80 ? `${text.slice(0, 80)}…` : String(text);
  throw new MismatchError(
    `${where} '${scores.options.source}' with '${baseline.options.source}'`,
    `the same ${name}: ${short(ours[name])}`,
    short(theirs[name]),
    "Score both over the same samples.",
  );
}
