import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ChannelSchema } from "@graticule/data";
import { openClimatology, type WeatherStore } from "@graticule/data-era5";
import { fitRidgeForecast, makeDampedPersistence } from "@graticule/eval";

/** Forecasts that any model must beat, from one state and its times. */
export interface Baselines {
  readonly names: readonly BaselineName[];
  /** Says which climatology anomalies are of. */
  readonly climatologyId: string;
  climatology(hours: number): Promise<Float32Array>;
  predict(name: BaselineName, startHours: number, leadTimeHours: number): Promise<Float32Array>;
}

/** Climatology, which has no ACC, comes last: so all others have the same colours in all figures. */
export const BASELINES = [
  "persistence",
  "training-mean",
  "damped-persistence",
  "linear-regression",
  "climatology",
] as const;
export type BaselineName = (typeof BASELINES)[number];

/** Most states that a linear regression is fitted on: its cost grows with their square. */
const MOST_STATES = 600;

/**
 * Fits the baselines on all of a store that lies before `endHours`, targets included. The climatology is the store's by
 * day of the year where it has one, else the mean by hour of the day.
 */
export async function fitBaselines(
  store: WeatherStore,
  channels: ChannelSchema,
  leadTimesHours: readonly number[],
  endHours: number,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Baselines> {
  const read = makeReader(store, channels);
  const times = Array.from(store.hours).filter((time) => time < endHours);
  const size = channels.length * store.grid.latitudes.length * store.grid.longitudes.length;

  const sums = new Map<number, { readonly sum: Float64Array; count: number }>();
  for (const time of times) {
    const field = await read(time);
    const hour = time % 24;
    const entry = sums.get(hour) ?? { sum: new Float64Array(size), count: 0 };
    sums.set(hour, entry);
    entry.count += 1;
    for (let at = 0; at < size; at++) entry.sum[at] = (entry.sum[at] as number) + (field[at] as number);
  }
  const byHour = new Map(
    [...sums].map(([hour, { sum, count }]) => [hour, Float32Array.from(sum, (value) => value / count)]),
  );
  const mean = new Float32Array(size);
  for (const { sum } of sums.values())
    for (let at = 0; at < size; at++) mean[at] = (mean[at] as number) + (sum[at] as number) / times.length;

  const stored = existsSync(join(store.folder, "climatology", "index.json")) ? await openClimatology(store) : undefined;
  const pick = channels.map(({ name }) => store.schema.findIndex((channel) => channel.name === name));
  const plane = size / channels.length;
  async function climatology(hours: number): Promise<Float32Array> {
    if (!stored) return byHour.get(hours % 24) ?? mean;
    const all = new Float32Array(store.schema.length * plane);
    await stored.readInto(hours, all);
    const field = new Float32Array(size);
    for (const [place, channel] of pick.entries())
      field.set(all.subarray(channel * plane, (channel + 1) * plane), place * plane);
    return field;
  }

  const damped = makeDampedPersistence(store.grid, channels);
  const regressions = new Map<number, ReturnType<typeof fitRidgeForecast>>();
  for (const [place, lead] of leadTimesHours.entries()) {
    const known = new Set(times);
    const starts = times.filter((time) => known.has(time + lead));
    const every = Math.ceil(starts.length / MOST_STATES);
    const [states, targets]: [Float32Array[], Float32Array[]] = [[], []];
    for (const start of starts.filter((_, index) => index % every === 0)) {
      const [state, target] = [await read(start), await read(start + lead)];
      states.push(state);
      targets.push(target);
      damped.add(lead, {
        state,
        target,
        climatologyAtStart: await climatology(start),
        climatologyAtValid: await climatology(start + lead),
      });
    }
    if (targets.every((field) => field.every(Number.isFinite)) && states.every((field) => field.every(Number.isFinite)))
      regressions.set(lead, fitRidgeForecast({ grid: store.grid, channels, states, targets }));
    onProgress(place + 1, leadTimesHours.length);
  }
  const persistence = damped.fit();
  return {
    names: BASELINES.filter((name) => name !== "linear-regression" || regressions.size === leadTimesHours.length),
    climatologyId: stored
      ? "by day of the year and hour of the day, of the store"
      : "mean by hour of the day, before the scored split",
    climatology,
    async predict(name, start, lead) {
      if (name === "training-mean") return mean;
      if (name === "climatology") return climatology(start + lead);
      const state = await read(start);
      if (name === "persistence") return state;
      if (name === "linear-regression")
        return (regressions.get(lead) as ReturnType<typeof fitRidgeForecast>).predict(state);
      return persistence.predict(lead, {
        state,
        climatologyAtStart: await climatology(start),
        climatologyAtValid: await climatology(start + lead),
      });
    },
  };
}

/** Reads channels of a store at a time. Shape: `[V, H, W]`. @throws {RangeError} if the store lacks the time. */
export function makeReader(store: WeatherStore, channels: ChannelSchema): (hours: number) => Promise<Float32Array> {
  const places = new Map(Array.from(store.hours, (time, index) => [time, index]));
  const pick = channels.map(({ name }) => store.schema.findIndex((channel) => channel.name === name));
  const plane = store.grid.latitudes.length * store.grid.longitudes.length;
  const record = new Float32Array(store.schema.length * plane);
  return async (hours) => {
    const index = places.get(hours);
    if (index === undefined)
      throw new RangeError(`store ${store.folder}: expected a state of hour ${hours} since 1970, got none.`);
    await store.fields.direct.readInto(index, record);
    const field = new Float32Array(pick.length * plane);
    for (const [place, channel] of pick.entries())
      field.set(record.subarray(channel * plane, (channel + 1) * plane), place * plane);
    return field;
  };
}
