import { writeFile } from "node:fs/promises";
import { ConfigError } from "@graticule/core";
import { openForecastSamples, readStatistics, type WeatherStore } from "@graticule/data-era5";
import {
  compareForecasts,
  type ForecastScores,
  makeForecastScores,
  type ProtocolName,
  type ScoreDifference,
  type ScoreRecord,
} from "@graticule/eval";
import { fitBaselines, makeReader } from "./baselines.js";
import type { ForecastSource } from "./forecast-source.js";

export interface ScoreOptions {
  readonly split: string;
  readonly leadTimesHours: readonly number[];
  readonly protocol: ProtocolName;
  readonly seed: number;
  /** Of the block bootstrap. Default: 120 h, or the lead time if longer. */
  readonly blockHours?: number;
  readonly onProgress?: (stage: "baselines" | "scores", done: number, total: number) => void;
}

/** All numbers of one scoring. */
export interface ScoreSheet {
  readonly source: string;
  readonly split: string;
  readonly records: readonly ScoreRecord[];
  /** Source minus each baseline. */
  readonly differences: readonly ScoreDifference[];
}

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
  const { split, leadTimesHours, protocol, seed, blockHours, onProgress } = options;
  const { channels } = source;
  const statistics = await readStatistics(store);
  const samples = await openForecastSamples({
    store: store.folder,
    split,
    leadTimeHours: leadTimesHours,
    historyHours: source.historyHours,
  });
  await samples.close();
  const starts = Array.from(samples.startHours).filter((start) => source.startHours?.has(start) ?? true);
  if (starts.length === 0) throw new ConfigError(`${source.name}: expected starts within split '${split}', got none.`);
  const begin = statistics.splits[split]?.fromHours as number;
  const baselines = await fitBaselines(store, channels, leadTimesHours, begin, (done, total) =>
    onProgress?.("baselines", done, total),
  );
  const make = (name: string, checkpoint: string | null): ForecastScores =>
    makeForecastScores({
      protocol,
      grid: store.grid,
      channels,
      source: name,
      checkpoint,
      climatology: baselines.climatologyId,
      truth: statistics.store,
    });
  const scores = make(source.name, source.checkpoint);
  const others = new Map(baselines.names.map((name) => [name, make(name, null)]));
  const read = makeReader(store, channels);
  let done = 0;
  for (const startHours of starts)
    for (const leadTimeHours of leadTimesHours) {
      const truth = await read(startHours + leadTimeHours);
      const climatology = await baselines.climatology(startHours + leadTimeHours);
      const sample = { startHours, leadTimeHours, truth, climatology };
      scores.add({ ...sample, forecast: await source.read(startHours, leadTimeHours) });
      for (const [name, baseline] of others)
        baseline.add({ ...sample, forecast: await baselines.predict(name, startHours, leadTimeHours) });
      onProgress?.("scores", ++done, starts.length * leadTimesHours.length);
    }
  const intervals = { seed, ...(blockHours !== undefined && { blockHours }) };
  return {
    source: source.name,
    split,
    records: [scores, ...others.values()].flatMap((each) => each.records(intervals)),
    differences: [...others.values()].flatMap((baseline) => compareForecasts(scores, baseline, intervals)),
  };
}

/** Writes a score sheet as JSON, one record a line. */
export async function writeScores(path: string, { records, differences, ...facts }: ScoreSheet): Promise<void> {
  const lines = (items: readonly unknown[]): string => `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
  const head = JSON.stringify(facts).slice(0, -1);
  await writeFile(path, `${head},\n"records": ${lines(records)},\n"differences": ${lines(differences)}}\n`);
}
