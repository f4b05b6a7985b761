import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import { type ChannelSchema, openPackedShards, openShardWriter, type PackedShards } from "@graticule/data";
import type { Calendar } from "../cf/calendar.js";
import { storeId } from "./store-statistics.js";
import { dateOf } from "./store-time.js";
import { indicesWithin, type TimeRange } from "./time-splits.js";
import type { WeatherStore } from "./weather-store.js";

const CLIMATOLOGY_FOLDER = "climatology";
const daysOf = (calendar: Calendar): number => (calendar === "360_day" ? 360 : calendar === "noleap" ? 365 : 366);

export interface ClimatologyOptions {
  /** Years to average, as a span of time; whole years if the seasons are to count alike. */
  readonly range: TimeRange;
  /** Days of the smoothing window, odd; weights fall linearly to 0 at both ends. 61 in WeatherBench 2. */
  readonly windowDays: number;
  readonly onProgress?: (done: number, total: number) => void;
}

interface ClimatologyOrigin {
  readonly kind: "climatology";
  readonly store: string;
  readonly calendar: Calendar;
  readonly range: TimeRange;
  readonly windowDays: number;
  /** Hours of the day that the store has. */
  readonly hoursOfDay: readonly number[];
}

/** Mean fields by day of the year and hour of the day. */
export interface Climatology {
  readonly schema: ChannelSchema;
  readonly hoursOfDay: readonly number[];
  /**
   * Reads the mean for a moment, in the channels' own units; NaN where the years had no value within the window.
   *
   * Shape: `[V, H, W]`. @throws {ConfigError} if the climatology does not have that hour of the day.
   */
  readInto(hoursSince1970: number, pixels: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Averages a store over years by day of the year and hour of the day, smoothed over neighboring days with weights that
 * fall linearly; the year's end meets its beginning. Day 366 of a year that has none is its day 365.
 *
 * Source: WeatherBench 2 (Rasp et al. 2024, arXiv:2308.15560), `compute_hourly_stat`.
 *
 * @throws {ConfigError} if the window is not odd, or the range holds no time.
 */
export async function makeClimatology(store: WeatherStore, options: ClimatologyOptions): Promise<Climatology> {
  const { range, windowDays, onProgress } = options;
  const days = daysOf(store.calendar);
  if (!(Number.isInteger(windowDays) && windowDays % 2 === 1 && windowDays > 0 && windowDays <= days))
    throw new ConfigError(`climatology.windowDays: expected an odd number of days up to ${days}, got ${windowDays}.`);
  const slots = listSlots(store, range);
  const origin: ClimatologyOrigin = {
    kind: "climatology",
    store: await storeId(store.folder),
    calendar: store.calendar,
    range,
    windowDays,
    hoursOfDay: slots.hoursOfDay,
  };
  const folder = join(store.folder, CLIMATOLOGY_FOLDER);
  const total = 2 * slots.members.length;
  const writer = await openShardWriter({
    folder,
    dtype: "float32",
    shape: store.fields.shape,
    schema: store.schema,
    metadata: origin as never,
  });
  try {
    if (!writer.complete) {
      const sumsFolder = join(store.folder, `${CLIMATOLOGY_FOLDER}-sums`);
      const sums = await sumSlots(store, slots, sumsFolder, origin, (done) => onProgress?.(done, total));
      try {
        await smoothSlots(sums, slots, days, windowDays, writer, (done) => onProgress?.(total / 2 + done, total));
      } finally {
        await sums.close();
      }
      await writer.finish();
      await rm(sumsFolder, { recursive: true });
    }
  } finally {
    await writer.close();
  }
  return openClimatology(store);
}

/**
 * Opens the climatology of a store.
 *
 * @throws {FormatError} if there is none, or it is of another store.
 */
export async function openClimatology(store: WeatherStore): Promise<Climatology> {
  const folder = join(store.folder, CLIMATOLOGY_FOLDER);
  const packed = await openPackedShards({ folder });
  const origin = packed.metadata as unknown as ClimatologyOrigin | null;
  const current = await storeId(store.folder);
  if (origin?.kind !== "climatology" || origin.store !== current)
    throw new FormatError(
      folder,
      `the climatology of store ${current}`,
      `${origin?.kind} of ${origin?.store}`,
      "Make it again.",
    );
  const { calendar, hoursOfDay } = origin;
  async function readInto(hours: number, pixels: Float32Array): Promise<void> {
    const { dayOfYear, hour } = dateOf(calendar, hours);
    const place = hoursOfDay.indexOf(hour);
    if (place < 0)
      throw new ConfigError(`climatology: expected an hour of the day among ${hoursOfDay.join(", ")}, got ${hour}.`);
    await packed.direct.readInto(place * daysOf(calendar) + dayOfYear - 1, pixels);
  }
  return { schema: packed.schema, hoursOfDay, readInto, close: () => packed.close() };
}

/** Times of the store by hour of the day, then day of the year. */
interface Slots {
  readonly hoursOfDay: readonly number[];
  /** Indices of the store's records, for slot (hour · days + day − 1). */
  readonly members: readonly (readonly number[])[];
}

function listSlots({ hours, calendar }: WeatherStore, range: TimeRange): Slots {
  const [from, to] = indicesWithin(hours, range);
  if (from >= to) throw new ConfigError("climatology: expected times within its years, got none. Look at the range.");
  const times = Array.from(hours.subarray(from, to), (time, offset) => ({
    index: from + offset,
    ...dateOf(calendar, time),
  }));
  const hoursOfDay = [...new Set(times.map(({ hour }) => hour))].sort((a, b) => a - b);
  const days = daysOf(calendar);
  const members: number[][] = Array.from({ length: hoursOfDay.length * days }, () => []);
  const leapYears = new Set(times.filter(({ dayOfYear }) => dayOfYear === 366).map(({ year }) => year));
  for (const { index, year, dayOfYear, hour } of times) {
    const slot = hoursOfDay.indexOf(hour) * days + dayOfYear - 1;
    members[slot]?.push(index);
    if (days === 366 && dayOfYear === 365 && !leapYears.has(year)) members[slot + 1]?.push(index);
  }
  return { hoursOfDay, members };
}

/** Sums over the years and numbers of values. Shape: records `[2V, H, W]`, sums first. */
async function sumSlots(
  store: WeatherStore,
  { members }: Slots,
  folder: string,
  origin: ClimatologyOrigin,
  onProgress: (done: number) => void,
): Promise<PackedShards> {
  const [channels, height, width] = store.fields.shape;
  const values = channels * height * width;
  const counts = store.schema.map(({ name }) => ({ name: `${name} count` }));
  const writer = await openShardWriter({
    folder,
    dtype: "float32",
    shape: [2 * channels, height, width],
    schema: [...store.schema, ...counts],
    metadata: origin as never,
  });
  try {
    const record = new Float32Array(values);
    const sums = new Float64Array(2 * values);
    for (let slot = writer.lastPosition + 1; slot < members.length && !writer.complete; slot++) {
      sums.fill(0);
      for (const index of members[slot] as readonly number[]) {
        await store.fields.direct.readInto(index, record);
        for (let position = 0; position < values; position++) {
          const value = record[position] as number;
          if (Number.isNaN(value)) continue;
          sums[position] = (sums[position] as number) + value;
          sums[values + position] = (sums[values + position] as number) + 1;
        }
      }
      await writer.append({ pixels: Float32Array.from(sums), id: `slot ${slot}`, position: slot });
      onProgress(slot + 1);
    }
    await writer.finish();
  } finally {
    await writer.close();
  }
  return openPackedShards({ folder });
}

/**
 * Weighted means over the window. With weights half − |k| the weighted sum T over days d + k changes from day to day by
 * ahead(d) − behind(d), the plain sums of the `half` days after d and of the `half` days up to d, so that three reads a
 * day do, whatever the window.
 */
async function smoothSlots(
  sums: PackedShards,
  { hoursOfDay }: Slots,
  days: number,
  windowDays: number,
  writer: Awaited<ReturnType<typeof openShardWriter>>,
  onProgress: (done: number) => void,
): Promise<void> {
  // A window of one day is that of three, whose outer weights are 0.
  const half = Math.max(1, (windowDays - 1) / 2);
  const size = sums.shape[0] * sums.shape[1] * sums.shape[2];
  const record = new Float32Array(size);
  const [total, ahead, behind] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  async function add(into: Float64Array, factor: number, hour: number, day: number): Promise<void> {
    await sums.direct.readInto(hour * days + (((day % days) + days) % days), record);
    for (let position = 0; position < size; position++)
      into[position] = (into[position] as number) + factor * (record[position] as number);
  }
  const first = writer.lastPosition + 1;
  for (let hour = Math.floor(first / days); hour < hoursOfDay.length; hour++) {
    for (const sum of [total, ahead, behind]) sum.fill(0);
    for (let k = 1 - half; k < half; k++) await add(total, half - Math.abs(k), hour, k);
    for (let k = 1; k <= half; k++) await add(ahead, 1, hour, k);
    for (let k = 0; k < half; k++) await add(behind, 1, hour, -k);
    for (let day = 0; day < days; day++) {
      const slot = hour * days + day;
      if (slot >= first) {
        const mean = new Float32Array(size / 2);
        for (let position = 0; position < mean.length; position++) {
          const count = total[mean.length + position] as number;
          mean[position] = count > 0 ? (total[position] as number) / count : NaN;
        }
        await writer.append({ pixels: mean, id: `day ${day + 1}, ${hoursOfDay[hour]} h`, position: slot });
        onProgress(slot + 1);
      }
      for (let position = 0; position < size; position++)
        total[position] = (total[position] as number) + (ahead[position] as number) - (behind[position] as number);
      await add(ahead, -1, hour, day + 1);
      await add(ahead, 1, hour, day + 1 + half);
      await add(behind, 1, hour, day + 1);
      await add(behind, -1, hour, day + 1 - half);
    }
  }
}
