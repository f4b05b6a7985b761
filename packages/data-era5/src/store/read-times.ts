import { FormatError } from "@graticule/core";
import type { GriddedDataset } from "../gridded-dataset.js";
import { type Calendar, hoursOfDate, parseCalendar } from "./calendar.js";
import { readCoordinate } from "./grid-dimensions.js";

/** The times of a file. Units: hours since 1970-01-01 00:00 in its calendar, ascending. */
export interface SourceTimes {
  readonly calendar: Calendar;
  readonly hours: Float64Array;
}

const HOURS: Readonly<Record<string, number>> = {
  day: 24,
  hour: 1,
  hr: 1,
  h: 1,
  minute: 1 / 60,
  min: 1 / 60,
  second: 1 / 3600,
  sec: 1 / 3600,
  s: 1 / 3600,
  d: 24,
};

/**
 * Reads the times of a dimension.
 *
 * @throws {FormatError} naming file and variable, if they have no unit since a date, or don't ascend.
 */
export async function readTimes(dataset: GriddedDataset, dim: string): Promise<SourceTimes> {
  const where = `${dataset.uri}: ${dim}`;
  const { units, calendar: name = "standard" } = dataset.variables.get(dim)?.attributes ?? {};
  const match =
    /^(\w+?)s? since (\d{1,4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?)?/.exec(
      String(units),
    );
  const unit = match && HOURS[match[1] as string];
  if (!match || !unit) throw new FormatError(where, "units as 'hours since 1900-01-01'", `${units}`);
  const calendar = parseCalendar(String(name));
  const [year, month, day, hour, minute, second] = match.slice(2).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const origin = hoursOfDate(calendar, year, month, day) + hour + minute / 60 + second / 3600;
  // Rounded to a hundredth of a second, so that steps of the same length are equal.
  const hours = (await readCoordinate(dataset, dim)).map(
    (value) => Math.round((value * unit + origin) * 360_000) / 360_000,
  );
  const late = hours.findIndex(
    (time, index) => !(index === 0 ? Number.isFinite(time) : time > (hours[index - 1] as number)),
  );
  if (late >= 0)
    throw new FormatError(where, "times that ascend", `${hours[late]} behind ${hours[late - 1]} hours since 1970`);
  return { calendar, hours };
}
