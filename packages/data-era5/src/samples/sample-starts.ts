import { ConfigError } from "@graticule/core";
import type { StoreStatistics } from "../store/store-statistics.js";
import { formatHours } from "../store/store-time.js";
import { findTime } from "../store/time-segments.js";
import { indicesWithin, type TimeRange, usableRange } from "../store/time-splits.js";
import type { WeatherStore } from "../store/weather-store.js";

/**
 * Indices of the times that samples may start from: history and every lead time lie within the range, at times that are
 * there, and no time between the first and the last of them is missing.
 *
 * @param hours ascending.
 * @param offsetsHours history as negative numbers, lead times as positive ones.
 */
export function listSampleStarts(hours: Float64Array, range: TimeRange, offsetsHours: readonly number[]): Int32Array {
  const [from, to] = indicesWithin(hours, range);
  const [earliest, latest] = [Math.min(0, ...offsetsHours), Math.max(0, ...offsetsHours)];
  const runs = numberRuns(hours);
  const starts: number[] = [];
  for (let index = from; index < to; index++) {
    const time = hours[index] as number;
    const [first, last] = [findTime(hours, time + earliest), findTime(hours, time + latest)];
    if (first < from || last < 0 || last >= to || runs[first] !== runs[last]) continue;
    if (offsetsHours.every((offset) => findTime(hours, time + offset) >= 0)) starts.push(index);
  }
  return Int32Array.from(starts);
}

/** The number of the evenly spaced run that each time belongs to: a step longer than the shortest begins a new one. */
function numberRuns(hours: Float64Array): Int32Array {
  let shortest = Infinity;
  for (let index = 1; index < hours.length; index++)
    shortest = Math.min(shortest, (hours[index] as number) - (hours[index - 1] as number));
  const runs = new Int32Array(hours.length);
  for (let index = 1; index < hours.length; index++) {
    const step = (hours[index] as number) - (hours[index - 1] as number);
    runs[index] = (runs[index - 1] as number) + (step > shortest ? 1 : 0);
  }
  return runs;
}

/** Starts of a split of a store. @throws {ConfigError} if there are none. */
export function findStarts(
  store: WeatherStore,
  { splits, gapHours }: StoreStatistics,
  split: string,
  historyHours: readonly number[],
  leads: readonly number[],
): Int32Array {
  const window = Math.max(0, ...historyHours) + Math.max(...leads);
  const range = usableRange(splits, split, Math.max(gapHours, window));
  const starts = listSampleStarts(store.hours, range, [...historyHours.map((hours) => -hours), ...leads]);
  if (starts.length > 0) return starts;
  const [from, to] = [range.fromHours, range.toHours].map((hours) => formatHours(store.calendar, hours));
  throw new ConfigError(
    `forecast samples: expected starts in split '${split}', got none: from ${from} to ${to} no window of ${window} hours is without a gap. Shorten lead times or history, or widen the split.`,
  );
}
