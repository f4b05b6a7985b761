import { MismatchError, ShapeError } from "@graticule/core";
import {
  addErrorSums,
  fillErrorTerms,
  SUMS_PER_FIELD,
  scoresOfTerms,
  termsPerSample,
  type WeightedCells,
} from "./error-sums.js";
import { METRICS, type MetricName, type ProtocolName, protocols } from "./protocol.js";
import { globalRegion, type Region, regionCells } from "./regions.js";
import { describeGrid, latitudeWeights, type ScoreChannel, type ScoreGrid, WEIGHT_NAMES } from "./score-grid.js";
import {
  formatStart,
  makeSampleMeasure,
  type ScoreIntervals,
  type ScoreProvenance,
  type ScoreRecord,
} from "./score-record.js";

export interface ForecastScoresOptions extends ScoreProvenance {
  readonly protocol: ProtocolName;
  readonly grid: ScoreGrid;
  readonly channels: readonly ScoreChannel[];
  /** The whole grid if absent. */
  readonly regions?: readonly Region[];
}

/** One forecast of one lead time beside what came. Missing truth (NaN) does not count. */
export interface ScoredForecast {
  /** Hours since 1970-01-01 00:00 at which the forecast starts. */
  readonly startHours: number;
  readonly leadTimeHours: number;
  /** `[V, H, W]`, in the channels' own units. */
  readonly forecast: Float32Array;
  /** `[V, H, W]` */
  readonly truth: Float32Array;
  /** Climatology at the forecast's valid time, `[V, H, W]`; without it there is no ACC. Which one: see `protocols`. */
  readonly climatology?: Float32Array;
}

/** Samples of one lead time; of each the 13 sums for `[V, region]`. */
export interface LeadSamples {
  readonly startHours: number[];
  readonly sums: Float64Array[];
}

/** Scores of one source of forecasts, taken in sample by sample: fields are not kept, only 13 sums of each. */
export interface ForecastScores {
  readonly options: ForecastScoresOptions;
  readonly regions: readonly Region[];
  /**
   * Takes in one forecast; each lead time's in order of their starts.
   *
   * @throws {ShapeError} if a field is not `[V, H, W]`.
   * @throws {MismatchError} if a climatology comes without its id in the options, or the other way round.
   */
  add(sample: ScoredForecast): void;
  /**
   * Every score by lead time, channel and region, with intervals if asked for.
   *
   * @throws {RangeError} if intervals are asked for, and starts don't rise or fewer than two blocks fit.
   */
  records(intervals?: ScoreIntervals): ScoreRecord[];
  /** Lead times that have samples, rising, with the starts of each. */
  readonly leads: ReadonlyMap<number, LeadSamples>;
}

/**
 * Starts a set of scores after WeatherBench 1, WeatherBench 2 or ClimaX.
 *
 * @throws {RangeError} if a region has no cell of the grid, or latitudes are not in order.
 */
export function makeForecastScores(options: ForecastScoresOptions): ForecastScores {
  const { protocol, grid, channels, regions = [globalRegion] } = options;
  const weighted = weighRegions(grid, protocols[protocol].weights, regions);
  const plane = grid.latitudes.length * grid.longitudes.length;
  const leads = new Map<number, LeadSamples>();

  function add({ startHours, leadTimeHours, forecast, truth, climatology }: ScoredForecast): void {
    for (const [name, field] of Object.entries({ forecast, truth, climatology }))
      if (field !== undefined) assertField(`forecast scores '${name}'`, field, channels.length, grid);
    if ((climatology === undefined) !== (options.climatology === null))
      throw new MismatchError(
        "forecast scores",
        options.climatology === null ? "no climatology, as its id is null" : `climatology ${options.climatology}`,
        climatology === undefined ? "none" : "one",
        "Name the climatology in the options, and give its field at the valid time of every sample.",
      );
    const samples = leads.get(leadTimeHours) ?? { startHours: [], sums: [] };
    leads.set(leadTimeHours, samples);
    const sums = new Float64Array(channels.length * weighted.length * SUMS_PER_FIELD);
    channels.forEach((_, channel) => {
      weighted.forEach((cells, region) => {
        const place = (channel * weighted.length + region) * SUMS_PER_FIELD;
        addErrorSums(cells, forecast, truth, climatology, channel * plane, sums, place);
      });
    });
    samples.startHours.push(startHours);
    samples.sums.push(sums);
  }

  function records(intervals?: ScoreIntervals): ScoreRecord[] {
    const rules = protocols[protocol];
    return sortedLeads(leads).flatMap(([leadTimeHours, { startHours, sums }]) => {
      const { bootstrap, measure } = makeSampleMeasure(startHours, leadTimeHours, intervals);
      return channels.flatMap((channel, channelAt) =>
        regions.flatMap((region, regionAt) => {
          const place = (channelAt * regions.length + regionAt) * SUMS_PER_FIELD;
          const stride = termsPerSample(rules);
          const terms = new Float64Array(sums.length * stride);
          fillErrorTerms(rules, sums, place, { terms, stride, offset: 0 });
          const measured = measure(terms, (total) => {
            const scores = scoresOfTerms(rules, total);
            return METRICS.map((metric) => scores[metric]);
          });
          const shared = describeSamples(options, channel, region, leadTimeHours, startHours);
          return METRICS.map(
            (metric, at): ScoreRecord => ({
              definition: `${protocol}.${metric}`,
              value: measured.values[at] as number,
              unit: unitOf(metric, channel.unit ?? ""),
              interval: measured.intervals[at] as ScoreRecord["interval"],
              bootstrap,
              ...shared,
            }),
          ).filter(({ definition }) => options.climatology !== null || !definition.endsWith(".acc"));
        }),
      );
    });
  }
  return { options, regions, add, records, leads };
}

/** Lead times in rising order. */
export function sortedLeads<T>(leads: ReadonlyMap<number, T>): [number, T][] {
  return [...leads].sort(([a], [b]) => a - b);
}

/** Cells and weights of every region. */
export function weighRegions(
  grid: ScoreGrid,
  kind: Parameters<typeof latitudeWeights>[1],
  regions: readonly Region[],
): WeightedCells[] {
  const rows = latitudeWeights(grid.latitudes, kind);
  return regions.map((region) => {
    const cells = regionCells(region, grid);
    const weights = Float64Array.from(cells, (cell) => rows[Math.floor(cell / grid.longitudes.length)] as number);
    return { name: region.name, cells, weights };
  });
}

/** The fields that all records of one channel, region and lead time share. */
export function describeSamples(
  options: Pick<ForecastScoresOptions, "protocol" | "grid" | keyof ScoreProvenance>,
  channel: ScoreChannel,
  region: Region,
  leadTimeHours: number,
  startHours: readonly number[],
): Omit<ScoreRecord, "definition" | "value" | "unit" | "interval" | "bootstrap"> {
  return {
    source: options.source,
    checkpoint: options.checkpoint,
    climatology: options.climatology,
    truth: options.truth,
    channel: channel.name,
    levelHpa: channel.levelHpa ?? null,
    region: region.name,
    leadTimeHours,
    samples: startHours.length,
    dates: [formatStart(startHours[0] as number), formatStart(startHours[startHours.length - 1] as number)],
    grid: describeGrid(options.grid),
    weights: WEIGHT_NAMES[protocols[options.protocol].weights],
  };
}

function unitOf(metric: MetricName, unit: string): string {
  if (metric === "acc" || unit === "") return "";
  return metric === "mse" ? `(${unit})²` : unit;
}

/** @throws {ShapeError} if a field does not have V·H·W values. */
export function assertField(
  where: string,
  field: Float32Array,
  planes: number,
  { latitudes, longitudes }: ScoreGrid,
): void {
  if (field.length !== planes * latitudes.length * longitudes.length)
    throw new ShapeError(
      where,
      `[${planes}, ${latitudes.length}, ${longitudes.length}]`,
      `${field.length} values`,
      "Give all channels on the grid of the scores.",
    );
}
