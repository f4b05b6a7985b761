import { writeFile } from "node:fs/promises";
import { ConfigError } from "@graticule/core";
import { openForecastSamples, readStatistics, type WeatherStore } from "@graticule/data-era5";
import {
  compareForecasts,
  type ForecastScores,
  type MedianImprovement,
  makeEnsembleScores,
  makeForecastScores,
  makeZonalSpectra,
  medianImprovements,
  type ProtocolName,
  type RankHistogram,
  type Region,
  type ScoreDifference,
  type ScoreRecord,
  type ZonalSpectrum,
} from "@graticule/eval";
import { fitBaselines, makeReader } from "./baselines.js";
import type { ForecastSource } from "./forecast-source.js";
import type { ForecastTime } from "./shared-source.js";

export interface ScoreOptions {
  readonly split: string;
  readonly leadTimesHours: readonly number[];
  readonly protocol: ProtocolName;
  readonly seed: number;
  /** The whole grid if absent. */
  readonly regions?: readonly Region[];
  /** Of the block bootstrap. Default: 120 h, or the lead time if longer. */
  readonly blockHours?: number;
  readonly onProgress?: (stage: "baselines" | "scores", done: number, total: number) => void;
}

/** All numbers of one scoring. */
export interface ScoreSheet {
  readonly source: string;
  readonly split: string;
  readonly records: readonly ScoreRecord[];
  /** Source minus each baseline; of an ensemble, its mean. */
  readonly differences: readonly ScoreDifference[];
  /** The differences of RMSE summed up over all channels. */
  readonly summaries: readonly MedianImprovement[];
  /** Of an ensemble; empty otherwise. */
  readonly rankHistograms: readonly RankHistogram[];
  /** On grids that go around the Earth; of an ensemble, its mean. */
  readonly spectra: readonly ZonalSpectrum[];
}

/** The band of latitudes whose spectra are shown. Source: WeatherBench 2, arXiv:2308.15560. Units: degrees north. */
export const SPECTRA_LATITUDES = [30, 60] as const;

/**
 * Scores forecasts on one split of a store, beside baselines that know nothing from that split's beginning on. All
 * sources and lead times are scored on the same starts, whose longest target still lies within the split.
 *
 * @throws {ConfigError} if no start is left. @throws {RangeError} if the split is shorter than two blocks.
 */
export async function scoreForecasts(
  source: ForecastSource,
  store: WeatherStore,
  options: ScoreOptions,
): Promise<ScoreSheet> {
  const { split, leadTimesHours, protocol, seed, regions, blockHours, onProgress } = options;
  const { channels, numMembers } = source;
  const statistics = await readStatistics(store);
  const forecasts = await forecastsToScore(source, store, options);
  const begin = statistics.splits[split]?.fromHours as number;
  const baselines = await fitBaselines(store, channels, leadTimesHours, begin, (done, total) =>
    onProgress?.("baselines", done, total),
  );
  const { grid } = store;
  const shared = {
    ...{ protocol, grid, channels, climatology: baselines.climatologyId, truth: statistics.store },
    ...(regions && { regions }),
  };
  const make = (name: string, checkpoint: string | null): ForecastScores =>
    makeForecastScores({ ...shared, source: name, checkpoint });
  const scores = make(source.name, source.checkpoint);
  const ensemble =
    numMembers === undefined
      ? undefined
      : makeEnsembleScores({ ...shared, source: source.name, checkpoint: source.checkpoint, numMembers });
  const [south, north] = SPECTRA_LATITUDES;
  const hasBand = grid.latitudes.some((latitude) => latitude >= south && latitude <= north);
  const spectra = grid.periodic && hasBand ? makeZonalSpectra(grid, channels, SPECTRA_LATITUDES) : undefined;
  const others = new Map(baselines.names.map((name) => [name, make(name, null)]));
  const read = makeReader(store, channels);
  let done = 0;
  for (const { startHours, leadTimeHours } of forecasts) {
    const truth = await read(startHours + leadTimeHours);
    const climatology = await baselines.climatology(startHours + leadTimeHours);
    const sample = { startHours, leadTimeHours, truth, climatology };
    const members = await source.read(startHours, leadTimeHours);
    const forecast = meanOf(members);
    scores.add({ ...sample, forecast });
    ensemble?.add({ startHours, leadTimeHours, members, truth });
    spectra?.add(leadTimeHours, forecast, truth);
    for (const [name, baseline] of others)
      baseline.add({ ...sample, forecast: await baselines.predict(name, startHours, leadTimeHours) });
    onProgress?.("scores", ++done, forecasts.length);
  }
  const intervals = { seed, ...(blockHours !== undefined && { blockHours }) };
  return {
    source: source.name,
    split,
    records: [scores, ...(ensemble ? [ensemble] : []), ...others.values()].flatMap((each) => each.records(intervals)),
    differences: [...others.values()].flatMap((baseline) => compareForecasts(scores, baseline, intervals)),
    summaries: [...others.values()].flatMap((baseline) => medianImprovements(scores, baseline, intervals)),
    rankHistograms: ensemble?.rankHistograms() ?? [],
    spectra: spectra?.spectra() ?? [],
  };
}

/**
 * The forecasts that `scoreForecasts` reads, in order.
 *
 * @throws {ConfigError} if no start is left.
 */
export async function forecastsToScore(
  source: ForecastSource,
  store: WeatherStore,
  { split, leadTimesHours }: Pick<ScoreOptions, "split" | "leadTimesHours">,
): Promise<ForecastTime[]> {
  const { historyHours } = source;
  const samples = await openForecastSamples({
    store: store.folder,
    split,
    leadTimeHours: leadTimesHours,
    historyHours,
  });
  await samples.close();
  const starts = Array.from(samples.startHours).filter((start) => source.startHours?.has(start) ?? true);
  if (starts.length === 0) throw new ConfigError(`${source.name}: expected starts within split '${split}', got none.`);
  return starts.flatMap((startHours) => leadTimesHours.map((leadTimeHours) => ({ startHours, leadTimeHours })));
}

/** The mean of an ensemble; one forecast is its own. */
function meanOf(members: readonly Float32Array[]): Float32Array {
  const [first] = members as [Float32Array];
  if (members.length === 1) return first;
  return first.map((_, cell) => members.reduce((sum, member) => sum + (member[cell] as number), 0) / members.length);
}

/** Writes a score sheet as JSON, one record a line. */
export async function writeScores(path: string, sheet: ScoreSheet): Promise<void> {
  const { records, differences, summaries, rankHistograms, spectra, ...facts } = sheet;
  const lines = (items: readonly unknown[]): string => `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
  const plain = spectra.map((each) => ({
    ...each,
    forecast: Array.from(each.forecast),
    truth: Array.from(each.truth),
  }));
  const lists = { records, differences, summaries, rankHistograms, spectra: plain };
  const parts = Object.entries(lists).map(([name, items]) => `"${name}": ${lines(items)}`);
  await writeFile(path, `${JSON.stringify(facts).slice(0, -1)},\n${parts.join(",\n")}}\n`);
}
