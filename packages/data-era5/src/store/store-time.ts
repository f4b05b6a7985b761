import { ConfigError } from "@graticule/core";
import { type Calendar, type CalendarDate, DAY_MS, dateFromMilliseconds, daysFromDate } from "../cf/calendar.js";
import { formatTime, parseDate } from "../cf/time-axis.js";

/** Stores count time in hours since 1970-01-01 00:00 in their calendar: steps of whole hours are whole numbers. */
const HOUR_MS = 3_600_000;

/** The store's hours of a time axis, rounded to a hundredth of a second so that equal steps are equal. */
export function hoursFromMilliseconds(milliseconds: Float64Array): Float64Array {
  return milliseconds.map((value) => Math.round(value / 10) / (HOUR_MS / 10));
}

/** The date of a time. */
export function dateOf(calendar: Calendar, hours: number): CalendarDate {
  return dateFromMilliseconds(hours * HOUR_MS, calendar);
}

/** Writes a time as `2020-02-29T06:00`. */
export function formatHours(calendar: Calendar, hours: number): string {
  return formatTime(hours * HOUR_MS, calendar).slice(0, -3);
}

/**
 * Reads a date as `2020`, `2020-02`, `2020-02-29` or `2020-02-29T06:00`: its first moment.
 *
 * @returns hours since 1970-01-01 00:00 in the calendar.
 * @throws {ConfigError} if the calendar has no such date.
 */
export function parseHours(calendar: Calendar, text: string): number {
  const date = parseDate(text, calendar);
  if (date) return date.start / HOUR_MS;
  throw new ConfigError(
    `time: expected a date of calendar ${calendar}, as 2020, 2020-02-28 or 2020-02-28T06:00, got '${text}'.`,
  );
}

/**
 * The moment of the true calendar at which the Sun stands as the store's time means it: the same share of the year and
 * the same hour of the day.
 */
export function solarDate(calendar: Calendar, hours: number): Date {
  if (calendar === "standard" || calendar === "proleptic_gregorian") return new Date(hours * HOUR_MS);
  const { year, dayOfYear, hour } = dateOf(calendar, hours);
  const start = daysFromDate(year, 1, 1, "proleptic_gregorian");
  const trueDays = daysFromDate(year + 1, 1, 1, "proleptic_gregorian") - start;
  const ownDays = daysFromDate(year + 1, 1, 1, calendar) - daysFromDate(year, 1, 1, calendar);
  return new Date((start + Math.round(((dayOfYear - 1) * trueDays) / ownDays)) * DAY_MS + hour * HOUR_MS);
}
