import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError, MismatchError } from "@graticule/core";
import { makeStatisticsCollector, type StatisticsCollector, writeDurably } from "@graticule/data";
import { findTime } from "./time-segments.js";
import { indicesWithin, orderSplits, type TimeSplits, usableRange } from "./time-splits.js";
import type { WeatherStore } from "./weather-store.js";

const STATISTICS_FILE = "statistics.json";

/** Mean and std of a channel, or of its change over some hours, over all finite values of the training split. */
export interface ChannelScale {
  readonly name: string;
  readonly count: number;
  readonly mean: number;
  /** Of the population. */
  readonly std: number;
}

/** What `statistics.json` says of a store. */
export interface StoreStatistics {
  /** Changes with anything below. */
  readonly id: string;
  /** The store that was measured. */
  readonly store: string;
  readonly splits: TimeSplits;
  /** Samples of a split end this long before the next split begins, or longer. */
  readonly gapHours: number;
  /** The split that was measured. */
  readonly measured: string;
  readonly channels: readonly ChannelScale[];
  /** By hours: x(t + hours) − x(t). */
  readonly tendencies: Readonly<Record<string, readonly ChannelScale[]>>;
}

export interface MeasureStoreOptions {
  readonly splits: TimeSplits;
  readonly gapHours: number;
  /** Hours over which changes are measured. */
  readonly tendencyHours: readonly number[];
  /** The split to measure; `train` if absent. */
  readonly measured?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Identifies a store by the checksums of all of its records. */
export async function storeId(folder: string): Promise<string> {
  return shortHash(await readFile(join(folder, "fields", "index.json"), "utf8"));
}

/**
 * Measures each channel, and its changes, over the training split alone, in one pass that holds two records.
 *
 * Source: Chan, Golub, LeVeque 1983, for the merging of moments.
 *
 * @throws {ConfigError} if splits overlap, the split holds no time or pair of times, or a channel has no value.
 */
export async function measureStore(store: WeatherStore, options: MeasureStoreOptions): Promise<StoreStatistics> {
  const { gapHours, tendencyHours, measured = "train", onProgress } = options;
  const splits = orderSplits(options.splits);
  const [from, to] = indicesWithin(store.hours, usableRange(splits, measured, gapHours));
  const { shape } = store.fields;
  const values = shape[0] * shape[1] * shape[2];
  const [current, later] = [new Float32Array(values), new Float32Array(values)];
  const states = makeStatisticsCollector(shape[0]);
  const changes = new Map(tendencyHours.map((hours) => [hours, makeStatisticsCollector(shape[0])]));
  for (let index = from; index < to; index++) {
    await store.fields.direct.readInto(index, current);
    states.add(current);
    for (const [hours, collector] of changes) {
      const partner = findTime(store.hours, (store.hours[index] as number) + hours);
      if (partner < 0 || partner >= to) continue;
      await store.fields.direct.readInto(partner, later);
      for (let position = 0; position < values; position++)
        later[position] = (later[position] as number) - (current[position] as number);
      collector.add(later);
    }
    onProgress?.(index - from + 1, to - from);
  }
  const content = {
    store: await storeId(store.folder),
    splits,
    gapHours,
    measured,
    channels: scalesOf(store, states, `split '${measured}'`),
    tendencies: Object.fromEntries(
      [...changes].map(([hours, collector]) => [hours, scalesOf(store, collector, `changes over ${hours} h`)]),
    ),
  };
  const statistics = { id: shortHash(JSON.stringify(content)), ...content };
  await writeDurably(join(store.folder, STATISTICS_FILE), `${JSON.stringify(statistics)}\n`);
  return statistics;
}

function scalesOf({ schema }: WeatherStore, collector: StatisticsCollector, what: string): ChannelScale[] {
  return collector.result().map(({ count, mean, std }, channel) => {
    const name = schema[channel]?.name as string;
    if (count === 0)
      throw new ConfigError(
        `measureStore: expected a value of channel '${name}' in ${what}, got none. Look at the split's span of time, or leave the channel out.`,
      );
    return { name, count, mean, std };
  });
}

/**
 * Reads the statistics of a store.
 *
 * @throws {FormatError} if there are none, or they are broken. @throws {MismatchError} if they are another store's.
 */
export async function readStatistics(store: WeatherStore): Promise<StoreStatistics> {
  const path = join(store.folder, STATISTICS_FILE);
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new FormatError(path, "the store's statistics", "no readable file", "Measure the store first.", { cause });
  });
  const { id, ...content } = parse(path, text);
  const found = shortHash(JSON.stringify(content));
  if (found !== id)
    throw new FormatError(path, `content of id ${id}`, found, "It was changed: measure the store again.");
  const current = await storeId(store.folder);
  if (content.store !== current)
    throw new MismatchError(
      path,
      `statistics of store ${current}`,
      `those of ${content.store}`,
      "Measure the store again.",
    );
  return { id, ...content };
}

function parse(path: string, text: string): StoreStatistics {
  try {
    const parsed = JSON.parse(text) as StoreStatistics | null;
    if (typeof parsed === "object" && parsed !== null) return parsed;
    throw new SyntaxError(text.slice(0, 20));
  } catch (cause) {
    throw new FormatError(path, "JSON of statistics", (cause as Error).message, undefined, { cause });
  }
}

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
