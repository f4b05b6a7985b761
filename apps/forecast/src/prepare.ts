import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import {
  type Calendar,
  type ChannelChoice,
  CLIMAX_48_CHANNELS,
  DCHAG_80_CHANNELS,
  DCHAG_84_CHANNELS,
  deriveVariables,
  dimensionOf,
  type GriddedDataset,
  makeClimatology,
  makeGaussianGrid,
  makeRegularGrid,
  measureStore,
  openDataset,
  openSeries,
  openWeatherStore,
  orderSplits,
  type PreparedStore,
  parseHours,
  prepareStore,
  type RegridChoice,
  readTimeAxis,
  type StoreStatistics,
  type TimeRange,
  type TimeSplits,
  type WeatherStore,
} from "@graticule/data-era5";
import type { PrepareConfig } from "./prepare-config.js";

/** What happens, how far it is, and of how much. */
export type PrepareReport = (stage: "fields" | "statistics" | "climatology", done: number, total: number) => void;

export interface PrepareOptions {
  readonly logger?: Logger;
  readonly onProgress?: PrepareReport;
}

export interface PrepareSummary extends PreparedStore {
  readonly statistics: StoreStatistics;
}

const CHANNEL_LISTS: Readonly<Record<string, readonly string[]>> = {
  "climax-48": CLIMAX_48_CHANNELS,
  "dchag-80": DCHAG_80_CHANNELS,
  "dchag-84": DCHAG_84_CHANNELS,
};

/**
 * Makes a training store from sources, with statistics and, if asked, a climatology. Called again after a crash it goes
 * on where it was.
 *
 * @throws {GraticuleError} if a source can't be read, lacks a channel, or the folder holds another store.
 */
export async function prepare(
  out: string,
  config: PrepareConfig,
  { logger = silentLogger, onProgress }: PrepareOptions = {},
): Promise<PrepareSummary> {
  const sources: GriddedDataset[] = [];
  try {
    for (const uri of config.sources) sources.push(deriveVariables(await openSource(uri, logger)));
    // Before hours of packing, not after.
    const splits = chooseSplits(config, await calendarOf(sources));
    const prepared = await prepareStore({
      sources,
      ...chooseChannels(config),
      ...(config.grid.kind !== "source" && { regrid: chooseGrid(config.grid) }),
      times: chooseTimes(config),
      dtype: config.dtype,
      out,
      maxBytes: config.maxMemoryMB * 2 ** 20,
      onProgress: ({ done, total }) => onProgress?.("fields", done, total),
    });
    if (prepared.timesLeftOut > 0)
      logger.warn(`${prepared.timesLeftOut} times are left out: not every source has them.`);
    if (prepared.gaps > 0) logger.warn(`the times have ${prepared.gaps} gaps; samples never reach across one.`);
    const store = await openWeatherStore(out);
    try {
      const { gapHours, tendencyHours } = config;
      const statistics = await measureStore(store, {
        ...{ splits, gapHours, tendencyHours },
        onProgress: (done, total) => onProgress?.("statistics", done, total),
      });
      warnOfRounding(config, statistics, logger);
      if (config.climatology) await average(store, config.climatology, statistics, onProgress);
      return { ...prepared, statistics };
    } finally {
      await store.close();
    }
  } finally {
    for (const source of sources) await source.close();
  }
}

async function openSource(uri: string, logger: Logger): Promise<GriddedDataset> {
  if (!/[*?]/.test(uri) || /^https?:/.test(uri)) return openDataset(uri);
  const series = await openSeries(uri);
  logger.info(`${uri}: ${series.files.length} files, ${series.times.milliseconds.length} times`);
  return series;
}

function chooseChannels({ channels, staticChannels }: PrepareConfig): {
  readonly channels: ChannelChoice[];
  readonly staticChannels: ChannelChoice[];
} {
  const all = channels.flatMap<PrepareConfig["channels"][number]>((choice) =>
    typeof choice === "string" ? (CHANNEL_LISTS[choice] ?? choice) : choice,
  );
  // ClimaX lists its constants among the others.
  const fixed = new Set<unknown>(["lsm", "orography", "lat2d", "lon2d", "slt", "zs"]);
  return {
    channels: all.filter((choice) => !fixed.has(choice)) as ChannelChoice[],
    staticChannels: [...new Set([...all.filter((choice) => fixed.has(choice)), ...staticChannels])] as ChannelChoice[],
  };
}

function chooseGrid(grid: Exclude<PrepareConfig["grid"], { kind: "source" }>): RegridChoice {
  const { method, maxMissing, weights } = grid;
  return {
    grid:
      grid.kind === "gaussian"
        ? makeGaussianGrid(grid.latitudes, grid.longitudes)
        : makeRegularGrid(grid.size, { rows: grid.rows }),
    method,
    maxMissing,
    ...(weights !== undefined && { cacheDirectory: weights }),
  };
}

function chooseTimes({ times: { from, to, stepHours } }: PrepareConfig) {
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(stepHours !== undefined && { stepHours }),
  };
}

async function calendarOf(sources: readonly GriddedDataset[]): Promise<Calendar> {
  for (const source of sources) {
    const dim = dimensionOf(source, "time");
    if (dim !== undefined) return (await readTimeAxis(source, dim)).calendar;
  }
  return "standard";
}

function rangeOf(calendar: Calendar, [from, to]: readonly [string, string]): TimeRange {
  return { fromHours: parseHours(calendar, from), toHours: parseHours(calendar, to) };
}

function chooseSplits({ splits }: PrepareConfig, calendar: Calendar): TimeSplits {
  if (!splits.train) throw new ConfigError("splits: expected a split 'train', whose statistics normalize, got none.");
  return orderSplits(Object.fromEntries(Object.entries(splits).map(([name, span]) => [name, rangeOf(calendar, span)])));
}

async function average(
  store: WeatherStore,
  { span, windowDays }: NonNullable<PrepareConfig["climatology"]>,
  { splits }: StoreStatistics,
  onProgress: PrepareReport | undefined,
): Promise<void> {
  const climatology = await makeClimatology(store, {
    range: span ? rangeOf(store.calendar, span) : (splits.train as TimeRange),
    windowDays,
    onProgress: (done, total) => onProgress?.("climatology", done, total),
  });
  await climatology.close();
}

/** bf16 keeps 8 bits of a value; where a field is far larger than it varies, as pressure, they hold little of it. */
const MOST_ROUNDING = 0.01;

function warnOfRounding({ dtype }: PrepareConfig, { channels }: StoreStatistics, logger: Logger): void {
  if (dtype !== "bf16") return;
  for (const { name, mean, std } of channels) {
    const step = 2 ** (Math.floor(Math.log2(Math.abs(mean) + std)) - 7);
    if (step / std > MOST_ROUNDING)
      logger.warn(
        `${name}: bf16 holds it in steps of ${step}, ${((100 * step) / std).toFixed(0)} % of its std. Use int16, which is as small, or float32.`,
      );
  }
}
