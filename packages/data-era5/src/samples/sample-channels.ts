import { ConfigError } from "@graticule/core";
import { type Channel, type ChannelSchema, makeStatisticsCollector } from "@graticule/data";
import type { ChannelScale, StoreStatistics } from "../store/store-statistics.js";
import type { WeatherStore } from "../store/weather-store.js";
import type { ForecastSamplesOptions } from "./forecast-samples.js";
import { assertScales, normalizePlanes } from "./normalize-planes.js";
import { type TimeFeature, timeFeatureSchema } from "./time-features.js";

/** Places of named channels in a store, all if no names are given. @throws {ConfigError} for a name that it lacks, or none. */
export function pickChannels({ schema }: WeatherStore, option: string, names: readonly string[] | undefined): number[] {
  if (names?.length === 0) throw new ConfigError(`${option}: expected at least one channel, got none.`);
  return (names ?? schema.map(({ name }) => name)).map((name) => {
    const channel = schema.findIndex((known) => known.name === name);
    if (channel >= 0) return channel;
    throw new ConfigError(
      `${option}: expected channels of the store (${schema.map((known) => known.name).join(", ")}), got '${name}'.`,
    );
  });
}

/** What targets are normalized by. @throws {ConfigError} for changes over hours that were not measured. */
export function scalesOfTarget(
  { channels, tendencies }: StoreStatistics,
  target: NonNullable<ForecastSamplesOptions["target"]>,
  targets: readonly number[],
): ChannelScale[] {
  const scales = target === "state" ? channels : tendencies[target.tendencyHours];
  if (!scales)
    throw new ConfigError(
      `target.tendencyHours: expected hours that were measured (${Object.keys(tendencies).join(", ") || "none"}), got ${JSON.stringify(target)}. Measure the store with these tendencyHours.`,
    );
  return targets.map((channel) => scales[channel] as ChannelScale);
}

/** Static fields of a store, normalized by their own statistics. */
export function normalizeStatic({ static: fixed, fields }: WeatherStore): {
  pixels: Float32Array;
  scales: readonly Channel[];
} {
  if (!fixed) return { pixels: new Float32Array(0), scales: [] };
  const collector = makeStatisticsCollector(fixed.schema.length);
  collector.add(fixed.pixels);
  const scales = collector
    .result()
    .map(({ count, mean, std }, channel) => ({ ...(fixed.schema[channel] as Channel), count, mean, std }));
  assertScales(scales);
  const pixels = fixed.pixels.slice();
  normalizePlanes(pixels, scales, fields.shape[1] * fields.shape[2]);
  return { pixels, scales: scales.map(({ count: _, ...channel }) => channel) };
}

/** The input: the state, earlier states, static fields, features. */
export function describeInputs(
  { schema }: WeatherStore,
  inputs: readonly number[],
  scales: readonly ChannelScale[],
  historyHours: readonly number[],
  fixed: readonly Channel[],
  features: readonly TimeFeature[],
): ChannelSchema {
  const states = [0, ...historyHours].flatMap((hours) =>
    inputs.map((channel, place) =>
      withScale(schema[channel] as Channel, scales[place] as ChannelScale, hours === 0 ? "" : ` ${hours} h before`),
    ),
  );
  return [...states, ...fixed, ...timeFeatureSchema(features)];
}

/** A channel with what normalizes it, and its name with a suffix. */
export function withScale(channel: Channel, { mean, std }: ChannelScale, suffix: string): Channel {
  return { ...channel, name: channel.name + suffix, mean, std };
}
