import { expectation, ShapeError } from "@graticule/core";
import { pointEnsemble } from "./crps.js";
import type { WeightedCells } from "./error-sums.js";
import {
  assertField,
  describeSamples,
  type ForecastScoresOptions,
  type LeadSamples,
  sortedLeads,
  weighRegions,
} from "./forecast-scores.js";
import { protocols } from "./protocol.js";
import { globalRegion } from "./regions.js";
import { makeSampleMeasure, type ScoreIntervals, type ScoreRecord } from "./score-record.js";

/** One ensemble forecast of one lead time beside what came. */
export interface ScoredEnsemble {
  /** Hours since 1970-01-01 00:00 at which the forecast starts. */
  readonly startHours: number;
  readonly leadTimeHours: number;
  /** Fields `[V, H, W]`, one for each member. */
  readonly members: readonly Float32Array[];
  /** `[V, H, W]`; missing values (NaN) don't count. */
  readonly truth: Float32Array;
}

export interface EnsembleScoresOptions extends ForecastScoresOptions {
  readonly numMembers: number;
}

/** How often the truth took each rank among the members. */
export interface RankHistogram {
  readonly channel: string;
  readonly region: string;
  readonly leadTimeHours: number;
  /** Shares of M + 1 ranks, from below all members to above all; 1 / (M + 1) each where the ensemble is reliable. */
  readonly shares: readonly number[];
  readonly samples: number;
}

/** Scores of an ensemble, taken in sample by sample; fields are not kept. */
export interface EnsembleScores {
  /**
   * Takes in one forecast; each lead time's in order of their starts.
   *
   * @throws {ShapeError} if a field is not `[V, H, W]`, or there is another number of members.
   */
  add(sample: ScoredEnsemble): void;
  /** `ensemble.crps`, `.crps-fair`, `.spread`, `.mean-rmse`, `.spread-skill` by lead time, channel and region. */
  records(intervals?: ScoreIntervals): ScoreRecord[];
  /** Ranks of the truth, weighted by area; a tie counts in equal parts for the ranks that it could have. */
  rankHistograms(): RankHistogram[];
}

const [WEIGHT, CRPS, CRPS_FAIR, VARIANCE, MEAN_SQUARED, RANKS] = [0, 1, 2, 3, 4, 5];
const DEFINITIONS = ["crps", "crps-fair", "spread", "mean-rmse", "spread-skill"] as const;

/**
 * Starts the scores of an ensemble, with the protocol's weights.
 *
 * Spread is the square root of the mean unbiased variance, skill the RMSE of the ensemble mean; their ratio carries the
 * factor sqrt((M + 1) / M), so that a reliable ensemble of any size scores 1.
 *
 * Source: Fortin et al. 2014, doi:10.1175/JHM-D-14-0008.1; Hamill 2001 (rank histogram).
 *
 * @throws {RangeError} if there are fewer than two members, or a region has no cell.
 */
export function makeEnsembleScores(options: EnsembleScoresOptions): EnsembleScores {
  const { grid, channels, numMembers, regions = [globalRegion] } = options;
  if (!(Number.isInteger(numMembers) && numMembers >= 2))
    throw new RangeError(
      expectation("makeEnsembleScores", "two or more members", `${numMembers}`, "Score one with makeForecastScores."),
    );
  const weighted = weighRegions(grid, protocols[options.protocol].weights, regions);
  const plane = grid.latitudes.length * grid.longitudes.length;
  const width = RANKS + numMembers + 1;
  const leads = new Map<number, LeadSamples>();

  function add({ startHours, leadTimeHours, members, truth }: ScoredEnsemble): void {
    if (members.length !== numMembers)
      throw new ShapeError("ensemble scores", `${numMembers} members`, `${members.length}`, "Give all of each sample.");
    for (const field of [truth, ...members]) assertField("ensemble scores", field, channels.length, grid);
    const samples = leads.get(leadTimeHours) ?? { startHours: [], sums: [] };
    leads.set(leadTimeHours, samples);
    const sums = new Float64Array(channels.length * weighted.length * width);
    channels.forEach((_, channel) => {
      weighted.forEach((cells, region) => {
        const place = (channel * weighted.length + region) * width;
        addEnsembleSums(cells, members, truth, channel * plane, sums.subarray(place, place + width));
      });
    });
    samples.startHours.push(startHours);
    samples.sums.push(sums);
  }

  function records(intervals?: ScoreIntervals): ScoreRecord[] {
    return sortedLeads(leads).flatMap(([leadTimeHours, { startHours, sums }]) => {
      const { bootstrap, measure } = makeSampleMeasure(startHours, leadTimeHours, intervals);
      return channels.flatMap((channel, channelAt) =>
        regions.flatMap((region, regionAt) => {
          const place = (channelAt * regions.length + regionAt) * width;
          const measured = measure(ensembleTerms(sums, place), (total) => scoresOfMeans(total, numMembers));
          const shared = describeSamples(options, channel, region, leadTimeHours, startHours);
          return DEFINITIONS.map(
            (name, at): ScoreRecord => ({
              definition: `ensemble.${name}`,
              value: measured.values[at] as number,
              unit: name === "spread-skill" ? "" : (channel.unit ?? ""),
              interval: measured.intervals[at] as ScoreRecord["interval"],
              bootstrap,
              ...shared,
            }),
          );
        }),
      );
    });
  }

  function rankHistograms(): RankHistogram[] {
    return sortedLeads(leads).flatMap(([leadTimeHours, { sums }]) =>
      channels.flatMap((channel, channelAt) =>
        regions.map((region, regionAt): RankHistogram => {
          const place = (channelAt * regions.length + regionAt) * width + RANKS;
          const counts = Array.from({ length: numMembers + 1 }, (_, rank) =>
            sums.reduce((sum, row) => sum + (row[place + rank] as number), 0),
          );
          const total = counts.reduce((sum, count) => sum + count, 0);
          const shares = counts.map((count) => count / total);
          return { channel: channel.name, region: region.name, leadTimeHours, shares, samples: sums.length };
        }),
      ),
    );
  }
  return { add, records, rankHistograms };
}

function addEnsembleSums(
  { cells, weights }: WeightedCells,
  members: readonly Float32Array[],
  truth: Float32Array,
  offset: number,
  sums: Float64Array,
): void {
  const values = new Float64Array(members.length);
  cells.forEach((position, index) => {
    const [cell, weight] = [offset + position, weights[index] as number];
    const observed = truth[cell] as number;
    if (Number.isNaN(observed)) return;
    members.forEach((member, at) => {
      values[at] = member[cell] as number;
    });
    values.sort();
    const { crpsEnsemble, crpsFair, mean, variance, below, equal } = pointEnsemble(values, observed);
    const terms = [1, crpsEnsemble, crpsFair, variance, (mean - observed) ** 2];
    terms.forEach((term, at) => {
      sums[at] = (sums[at] as number) + weight * term;
    });
    for (let rank = below; rank <= below + equal; rank++)
      sums[RANKS + rank] = (sums[RANKS + rank] as number) + weight / (equal + 1);
  });
}

/** Means over the space of each sample, behind a 1; zeros for a sample without known cells. Shape: `[samples, 5]`. */
function ensembleTerms(rows: readonly Float64Array[], place: number): Float64Array {
  const terms = new Float64Array(rows.length * RANKS);
  for (const [sample, row] of rows.entries()) {
    const weight = row[place + WEIGHT] as number;
    if (weight === 0) continue;
    for (const sum of [WEIGHT, CRPS, CRPS_FAIR, VARIANCE, MEAN_SQUARED])
      terms[sample * RANKS + sum] = (row[place + sum] as number) / weight;
  }
  return terms;
}

/** The five scores in the order of their definitions: means over samples, roots last. */
function scoresOfMeans(sums: Float64Array, numMembers: number): number[] {
  const at = (sum: number): number => (sums[sum] as number) / (sums[WEIGHT] as number);
  const [spread, skill] = [Math.sqrt(at(VARIANCE)), Math.sqrt(at(MEAN_SQUARED))];
  return [at(CRPS), at(CRPS_FAIR), spread, skill, (Math.sqrt((numMembers + 1) / numMembers) * spread) / skill];
}
