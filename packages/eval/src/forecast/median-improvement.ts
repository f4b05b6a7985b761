import { type Interval, quantile } from "../bootstrap.js";
import { assertSameSamples } from "./compare-forecasts.js";
import { fillErrorTerms, SUMS_PER_FIELD, scoresOfTerms, termsPerSample } from "./error-sums.js";
import { type ForecastScores, type LeadSamples, sortedLeads } from "./forecast-scores.js";
import { protocols } from "./protocol.js";
import { makeSampleMeasure, type ScoreIntervals } from "./score-record.js";

/** How much smaller a source's errors are than a baseline's, over all channels. */
export interface MedianImprovement {
  readonly source: string;
  readonly baseline: string;
  readonly region: string;
  readonly leadTimeHours: number;
  /** 1 − the median over channels of RMSE ÷ the baseline's RMSE; NaN if no channel has both. */
  readonly improvement: number;
  readonly interval: Interval;
  /** Channels that count: those with an error of the baseline. */
  readonly channels: number;
}

/**
 * Sums a comparison up over channels of any units, by lead time and region. Each draw of the block bootstrap takes the same
 * samples of every channel and of both sources.
 *
 * @throws as `compareForecasts`.
 */
export function medianImprovements(
  scores: ForecastScores,
  baseline: ForecastScores,
  intervals: ScoreIntervals,
): MedianImprovement[] {
  assertSameSamples("medianImprovements", scores, baseline);
  const { options, regions } = scores;
  const protocol = protocols[options.protocol];
  const width = termsPerSample(protocol);
  const stride = 2 * width * options.channels.length;
  return sortedLeads(scores.leads).flatMap(([leadTimeHours, { startHours, sums }]) => {
    const sides = [sums, (baseline.leads.get(leadTimeHours) as LeadSamples).sums];
    const { measure } = makeSampleMeasure(startHours, leadTimeHours, intervals);
    return regions.map((region, regionAt): MedianImprovement => {
      const terms = new Float64Array(stride * sums.length);
      for (let channel = 0; channel < options.channels.length; channel++)
        for (const [side, rows] of sides.entries())
          fillErrorTerms(protocol, rows, (channel * regions.length + regionAt) * SUMS_PER_FIELD, {
            terms,
            stride,
            offset: (2 * channel + side) * width,
          });
      const measured = measure(terms, (total) => {
        const ratios = options.channels
          .map((_, channel) => {
            const [ours, theirs] = [0, 1].map(
              (side) => scoresOfTerms(protocol, total, (2 * channel + side) * width).rmse,
            );
            return (ours as number) / (theirs as number);
          })
          .filter(Number.isFinite);
        return [1 - quantile(Float64Array.from(ratios).sort(), 0.5), ratios.length];
      });
      return {
        source: options.source,
        baseline: baseline.options.source,
        region: region.name,
        leadTimeHours,
        improvement: measured.values[0] as number,
        interval: measured.intervals[0] as Interval,
        channels: measured.values[1] as number,
      };
    });
  });
}
