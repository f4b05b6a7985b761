import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatTable, makeProgressLine, stderrLogger, updateReport } from "@graticule/classify";
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
import { RUN_CONFIG_FILE } from "@graticule/train";
import { assertEnsemble, type EnsembleChoice } from "../forecasting/ensemble-choice.js";
import { openForecastRun } from "../forecasting/open-run.js";
import { type ForecastSource, fileSource, runSource } from "./forecast-source.js";
import { scoreForecasts, writeScores } from "./score.js";
import { SUMMARY_LEGEND, scoreReport, scoreTable, summaryTable, TABLE_LEGEND } from "./score-report.js";

export interface ScoreFlags {
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

/** Scores a run or a file as the command line says; gives the text of the outcome. */
export async function scoreAndReport(forecast: string, flags: ScoreFlags): Promise<string> {
  const { store: given, protocol, blockHours, split, seed } = flags;
  if (!(protocol in protocols))
    throw new ConfigError(`--protocol: expected one of ${Object.keys(protocols).join(", ")}, got '${protocol}'.`);
  const isRun = existsSync(join(forecast, RUN_CONFIG_FILE));
  if (!isRun && given === undefined)
    throw new ConfigError(
      `${forecast}: expected a run folder, or --store with the truth for a forecast file, got neither.`,
    );
  const run = isRun ? await openForecastRun(forecast, given ? [`store=${given}`] : [], stderrLogger) : undefined;
  const store = await openWeatherStore(run?.config.store ?? (given as string));
  try {
    const ensemble: EnsembleChoice | undefined =
      flags.members === undefined
        ? undefined
        : { members: flags.members, seed, ...(flags.inputNoise !== undefined && { inputNoise: flags.inputNoise }) };
    if (run && ensemble) assertEnsemble(run, ensemble);
    const source: ForecastSource = run ? runSource(run, ensemble) : await fileSource(forecast, store);
    const sheet = await scoreForecasts(source, store, {
      split,
      leadTimesHours: chooseLeads(source, flags.lead),
      protocol: protocol as ProtocolName,
      seed,
      regions: chooseRegions(store, flags.region),
      ...(blockHours !== undefined && { blockHours }),
      onProgress: makeProgressLine(process.stderr),
    });
    const out = flags.out ?? (isRun ? forecast : "scores");
    await mkdir(out, { recursive: true });
    await writeScores(join(out, "scores.json"), sheet);
    const report = await updateReport(out, "scores", scoreReport(sheet));
    const { columns, rows } = scoreTable(sheet);
    const summary = summaryTable(sheet);
    const all = summary ? `\n${formatTable(summary.columns, summary.rows)}\n${SUMMARY_LEGEND}\n` : "";
    return `${formatTable(columns, rows)}\n${TABLE_LEGEND}\n${all}scores: ${join(out, "scores.json")}\nreport: ${report}\n`;
  } finally {
    await store.close();
    await run?.close();
  }
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
