import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatTable, makeProgressLine, type RanksFlags, updateReport } from "@graticule/classify";
import { ConfigError } from "@graticule/core";
import { openWeatherStore, type WeatherStore } from "@graticule/data-era5";
import {
  globalRegion,
  type ProtocolName,
  protocols,
  type Region,
  regionCells,
  weatherBench2Regions,
} from "@graticule/eval";
import { soloCommunicator } from "@graticule/mpi";
import { RUN_CONFIG_FILE } from "@graticule/train";
import { assertEnsemble, type EnsembleChoice } from "../forecasting/ensemble-choice.js";
import { withRunOnRanks } from "../forecasting/run-on-rank.js";
import { type ForecastSource, fileSource, runSource } from "./forecast-source.js";
import { forecastsToScore, scoreForecasts, writeScores } from "./score.js";
import { SUMMARY_LEGEND, scoreReport, scoreTable, summaryTable, TABLE_LEGEND } from "./score-report.js";
import { sharedSource } from "./shared-source.js";

export interface ScoreFlags extends RanksFlags {
  readonly store?: string;
  readonly split: string;
  readonly lead?: readonly number[];
  readonly protocol: string;
  readonly region?: readonly string[];
  readonly members?: number;
  readonly inputNoise?: number;
  readonly blockHours?: number;
  readonly seed: number;
  readonly out?: string;
}

const USUAL_LEADS = [6, 12, 24, 48, 72, 120, 168, 240, 336, 480, 720];

/** Scores a run or a file as the command line says, and prints the outcome. */
export async function scoreAndReport(forecast: string, flags: ScoreFlags): Promise<void> {
  const { store: given, protocol } = flags;
  if (!(protocol in protocols))
    throw new ConfigError(`--protocol: expected one of ${Object.keys(protocols).join(", ")}, got '${protocol}'.`);
  if (existsSync(join(forecast, RUN_CONFIG_FILE))) return scoreRun(forecast, flags);
  if (given === undefined)
    throw new ConfigError(
      `${forecast}: expected a run folder, or --store with the truth for a forecast file, got neither.`,
    );
  if ((flags.ranks ?? 1) > 1)
    throw new ConfigError(`--ranks: expected a run folder, whose forecasts ranks make, got the file ${forecast}.`);
  const store = await openWeatherStore(given);
  try {
    await scoreSource(await fileSource(forecast, store), store, { ...flags, out: flags.out ?? "scores" });
  } finally {
    await store.close();
  }
}

async function scoreRun(folder: string, flags: ScoreFlags): Promise<void> {
  const { members, inputNoise, seed, store: given } = flags;
  const ensemble: EnsembleChoice | undefined =
    members === undefined ? undefined : { members, seed, ...(inputNoise !== undefined && { inputNoise }) };
  await withRunOnRanks(flags, folder, given ? [`store=${given}`] : [], async (run, world) => {
    if (ensemble) assertEnsemble(run, ensemble);
    const store = await openWeatherStore(run.config.store);
    try {
      await scoreSource(runSource(run, ensemble), store, { ...flags, out: flags.out ?? folder }, world);
    } finally {
      await store.close();
    }
  });
}

/** Scores a source on all ranks; rank 0 writes and prints. */
async function scoreSource(
  source: ForecastSource,
  store: WeatherStore,
  { split, lead, protocol, seed, region, blockHours, out }: ScoreFlags & { readonly out: string },
  world = soloCommunicator(),
): Promise<void> {
  const options = {
    split,
    leadTimesHours: chooseLeads(source, lead),
    protocol: protocol as ProtocolName,
    seed,
    regions: chooseRegions(store, region),
    ...(blockHours !== undefined && { blockHours }),
    onProgress: makeProgressLine(process.stderr),
  };
  const { latitudes, longitudes } = store.grid;
  const planeSize = latitudes.length * longitudes.length;
  const shared =
    world.size === 1
      ? source
      : await sharedSource(world, source, await forecastsToScore(source, store, options), planeSize);
  if (!shared) return;
  const sheet = await scoreForecasts(shared, store, options);
  await mkdir(out, { recursive: true });
  await writeScores(join(out, "scores.json"), sheet);
  const report = await updateReport(out, "scores", scoreReport(sheet));
  const { columns, rows } = scoreTable(sheet);
  const summary = summaryTable(sheet);
  const all = summary ? `\n${formatTable(summary.columns, summary.rows)}\n${SUMMARY_LEGEND}\n` : "";
  process.stdout.write(
    `${formatTable(columns, rows)}\n${TABLE_LEGEND}\n${all}scores: ${join(out, "scores.json")}\nreport: ${report}\n`,
  );
}

const USUAL_REGIONS = ["global", "tropics", "northern-hemisphere", "southern-hemisphere"];

/** Regions by name, `all` that have a cell; the usual ones, of a grid that goes around the Earth, if none is named. */
function chooseRegions({ grid }: WeatherStore, asked: readonly string[] | undefined): readonly Region[] {
  const names = weatherBench2Regions.map(({ name }) => name);
  const unknown = asked?.find((name) => name !== "all" && !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`--region: expected all or some of ${names.join(", ")}, got '${unknown}'.`);
  if (!asked && !grid.periodic) return [globalRegion];
  const chosen = asked?.includes("all") ? names : (asked ?? USUAL_REGIONS);
  return weatherBench2Regions.filter(
    (region) => chosen.includes(region.name) && (asked?.includes(region.name) || hasCells(region, grid)),
  );
}

function hasCells(region: Region, grid: WeatherStore["grid"]): boolean {
  try {
    return regionCells(region, grid).length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function chooseLeads({ name, leadTimesHours }: ForecastSource, asked: readonly number[] | undefined): number[] {
  const missing = asked?.find((lead) => !leadTimesHours.includes(lead));
  if (missing !== undefined)
    throw new ConfigError(`--lead: expected lead times of the ${name} (${leadTimesHours.join(", ")}), got ${missing}.`);
  const usual = leadTimesHours.filter((lead) => USUAL_LEADS.includes(lead));
  return [...(asked ?? (usual.length > 0 ? usual : leadTimesHours))].sort((a, b) => a - b);
}
