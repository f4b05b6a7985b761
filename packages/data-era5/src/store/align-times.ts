import { ConfigError, FormatError, MismatchError } from "@graticule/core";
import type { Calendar } from "../cf/calendar.js";
import type { GriddedDataset } from "../gridded-dataset.js";
import { readTimeAxis } from "../select/coordinates.js";
import type { TimeSlice } from "./field-blocks.js";
import type { FieldSource } from "./field-source.js";
import { formatHours, hoursFromMilliseconds, parseHours } from "./store-time.js";
import { findTime } from "./time-segments.js";

/** Which times of the sources a store gets. */
export interface TimeChoice {
  /** First time, as `1979` or `1979-01-01T00:00`; the sources' first if absent. */
  readonly from?: string;
  /** First time that is left out, as `2019`; none if absent. */
  readonly to?: string;
  /** Keeps the times that are whole multiples of this since 1970; every one if absent. */
  readonly stepHours?: number;
}

/** The times of a source. Units: hours since 1970-01-01 00:00 in its calendar; ascending. */
interface SourceTimes {
  readonly calendar: Calendar;
  readonly hours: Float64Array;
}

/** Times that every source has. */
export interface AlignedTimes {
  readonly calendar: Calendar;
  /** Units: hours since 1970-01-01 00:00 in the calendar. */
  readonly hours: Float64Array;
  /** Times within the choice that only some sources have. */
  readonly leftOut: number;
  /** End of the longest run from a time on that is evenly spaced in every source. */
  evenUntil(from: number): number;
  /** Where the times `[from, to)` of such a run lie in a source. */
  sliceOf(dataset: GriddedDataset, from: number, to: number): TimeSlice;
}

/**
 * Finds the times that all fields have.
 *
 * @throws {MismatchError} if a field has no time, or the calendars differ.
 * @throws {ConfigError} if no time is left.
 */
export async function alignTimes(fields: readonly FieldSource[], choice: TimeChoice = {}): Promise<AlignedTimes> {
  const bySource = new Map<GriddedDataset, SourceTimes>();
  for (const { name, dataset, variable, dimensions } of fields) {
    if (dimensions.time === undefined)
      throw new MismatchError(
        `${dataset.uri}: ${variable.name}`,
        `a dimension of time for channel '${name}'`,
        `(${variable.dims.join(", ")})`,
        "Name channels without time under static.",
      );
    if (!bySource.has(dataset)) bySource.set(dataset, await readTimes(dataset, dimensions.time));
  }
  const [[firstSource, { calendar }]] = [...bySource] as [[GriddedDataset, SourceTimes]];
  const all = new Set<number>();
  for (const [dataset, times] of bySource) {
    if (times.calendar !== calendar)
      throw new MismatchError(dataset.uri, `calendar ${calendar} as in ${firstSource.uri}`, times.calendar);
    for (const time of chosen(times, choice)) all.add(time);
  }
  const sources = [...bySource.values()];
  const hours = Float64Array.from(all)
    .sort()
    .filter((time) => sources.every((times) => findTime(times.hours, time) >= 0));
  if (hours.length === 0) throw nothingLeft(sources, choice, calendar);
  const positions = new Map(
    [...bySource].map(([dataset, times]) => [dataset, Int32Array.from(hours, (time) => findTime(times.hours, time))]),
  );

  function evenUntil(from: number): number {
    let end = from + 1;
    const stepAt = (places: Int32Array, index: number): number =>
      (places[index + 1] as number) - (places[index] as number);
    const isEven = (places: Int32Array): boolean =>
      end === from + 1 || stepAt(places, end - 1) === stepAt(places, from);
    while (end < hours.length && [...positions.values()].every(isEven)) end += 1;
    return end;
  }
  function sliceOf(dataset: GriddedDataset, from: number, to: number): TimeSlice {
    const places = positions.get(dataset) as Int32Array;
    const start = places[from] as number;
    return { start, count: to - from, step: to - from > 1 ? (places[from + 1] as number) - start : 1 };
  }
  return { calendar, hours, leftOut: all.size - hours.length, evenUntil, sliceOf };
}

function chosen({ calendar, hours }: SourceTimes, { from, to, stepHours }: TimeChoice): Float64Array {
  const first = from === undefined ? -Infinity : parseHours(calendar, from);
  const end = to === undefined ? Infinity : parseHours(calendar, to);
  return hours.filter((time) => time >= first && time < end && (stepHours === undefined || time % stepHours === 0));
}

function nothingLeft(sources: readonly SourceTimes[], choice: TimeChoice, calendar: Calendar): ConfigError {
  const spans = sources.map(({ hours }) =>
    [hours[0], hours.at(-1)].map((time) => formatHours(calendar, time as number)).join(" to "),
  );
  return new ConfigError(
    `times: expected a time that every source has within ${JSON.stringify(choice)}, got none. The sources span ${spans.join(", ")}.`,
  );
}

async function readTimes(dataset: GriddedDataset, dim: string): Promise<SourceTimes> {
  const { calendar, milliseconds } = await readTimeAxis(dataset, dim);
  const hours = hoursFromMilliseconds(milliseconds);
  const late = hours.findIndex((time, index) => index > 0 && !(time > (hours[index - 1] as number)));
  if (late >= 0 || hours.some(Number.isNaN))
    throw new FormatError(
      `${dataset.uri}: ${dim}`,
      "times that ascend",
      late < 0
        ? "a missing one"
        : `${formatHours(calendar, hours[late] as number)} behind ${formatHours(calendar, hours[late - 1] as number)}`,
    );
  return { calendar, hours };
}
