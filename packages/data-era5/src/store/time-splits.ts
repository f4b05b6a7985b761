import { ConfigError } from "@graticule/core";
import { firstFrom } from "./time-segments.js";

/** A span of time, `[from, to)`. Units: hours since 1970-01-01 00:00 in the store's calendar. */
export interface TimeRange {
  readonly fromHours: number;
  readonly toHours: number;
}

/** Spans of time by the name of their split, in the order of time. */
export type TimeSplits = Readonly<Record<string, TimeRange>>;

/**
 * Checks that splits don't overlap, and puts them in the order of time.
 *
 * @throws {ConfigError} naming the two that do.
 */
export function orderSplits(splits: TimeSplits): TimeSplits {
  const entries = Object.entries(splits).sort(([, a], [, b]) => a.fromHours - b.fromHours);
  for (const [position, [name, range]] of entries.entries()) {
    if (!(range.fromHours < range.toHours))
      throw new ConfigError(`splits.${name}: expected an end behind its start, got none. Write [start, end].`);
    const next = entries[position + 1];
    if (next && next[1].fromHours < range.toHours)
      throw new ConfigError(
        `splits: expected spans of time apart from each other, got ${name} and ${next[0]} that overlap. Let one begin where the other has ended.`,
      );
  }
  return Object.fromEntries(entries);
}

/**
 * The part of a split that samples may use: it ends `gapHours` or more before the next split begins, so that with a gap
 * of at least history and lead time together no state that one split predicts is near one that the other starts from.
 * The later split keeps all of its times, as evaluations on whole years want it.
 */
export function usableRange(splits: TimeSplits, name: string, gapHours: number): TimeRange {
  const range = splits[name];
  if (!range)
    throw new ConfigError(`split: expected one of ${Object.keys(splits).join(", ") || "(none)"}, got '${name}'.`);
  const later = Object.values(splits).map(({ fromHours }) => fromHours);
  const nextStart = Math.min(...later.filter((start) => start >= range.toHours));
  return { fromHours: range.fromHours, toHours: Math.min(range.toHours, nextStart - gapHours) };
}

/** Indices `[from, to)` of the times within a range. */
export function indicesWithin(hours: Float64Array, range: TimeRange): readonly [from: number, to: number] {
  return [firstFrom(hours, range.fromHours), firstFrom(hours, range.toHours)];
}
