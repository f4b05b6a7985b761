import { FormatError } from "@graticule/core";
import {
  type Calendar,
  type CalendarDate,
  DAY_MS,
  dateFromMilliseconds,
  daysFromDate,
  daysInMonth,
  parseCalendar,
} from "./calendar.js";

/** Times of a dataset. */
export interface TimeAxis {
  readonly calendar: Calendar;
  /** Milliseconds since 1970-01-01 in the calendar; for the Gregorian calendars those of `Date`, in UTC. */
  readonly milliseconds: Float64Array;
  /** The date at a place of the axis. */
  date(index: number): CalendarDate;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  microsecond: 1e-3,
  millisecond: 1,
  msec: 1,
  ms: 1,
  second: 1000,
  sec: 1000,
  s: 1000,
  minute: 60_000,
  min: 60_000,
  hour: 3_600_000,
  hr: 3_600_000,
  h: 3_600_000,
  day: 86_400_000,
  d: 86_400_000,
  week: 604_800_000,
};

/** `2013-11-02`, `2013-11-02T06`, `2013-11-02 06:00:00.5 +01:00`: year, month, day, hours, minutes, seconds, zone. */
const DATE =
  /^([+-]?\d{1,6})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ]+(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?$/i;

/**
 * Decodes times as CF writes them: `<unit> since <date>`, in a calendar.
 *
 * Source: CF conventions 1.11, section 4.4.
 *
 * @throws {FormatError} naming `where`, if unit, date or calendar can't be read.
 */
export function decodeTimes(
  values: ArrayLike<number>,
  units: string,
  calendarName: string | undefined,
  where: string,
): TimeAxis {
  const calendar = parseCalendar(calendarName);
  if (calendar === undefined)
    throw new FormatError(where, "a calendar of the CF conventions", `'${calendarName}'`, "Check the attribute.");
  const { unitMs, origin } = parseTimeUnits(units, calendar, where);
  return makeTimeAxis(
    Float64Array.from(values, (value) => origin + roundToMicroseconds(value * unitMs)),
    calendar,
  );
}

/** A fraction of a day has no exact float: times come out whole to the microsecond. */
function roundToMicroseconds(milliseconds: number): number {
  const rounded = Math.round(milliseconds);
  return Math.abs(milliseconds - rounded) < 0.05 ? rounded : Math.round(milliseconds * 1000) / 1000;
}

export function makeTimeAxis(milliseconds: Float64Array, calendar: Calendar): TimeAxis {
  return {
    calendar,
    milliseconds,
    date(index) {
      const value = milliseconds[index];
      if (value === undefined)
        throw new RangeError(
          `TimeAxis: expected an index from 0 to ${milliseconds.length - 1}, got ${index}. Check the index.`,
        );
      return dateFromMilliseconds(value, calendar);
    },
  };
}

/** The inverse of {@link decodeTimes}: numbers in `units`. */
export function encodeTimes(axis: Pick<TimeAxis, "milliseconds" | "calendar">, units: string): Float64Array {
  const { unitMs, origin } = parseTimeUnits(units, axis.calendar, "encodeTimes");
  return axis.milliseconds.map((value) => (value - origin) / unitMs);
}

/** Whether a unit counts time from a date. */
export function isTimeUnits(units: unknown): units is string {
  return typeof units === "string" && /^\w+\s+since\s+\S/i.test(units);
}

function parseTimeUnits(units: string, calendar: Calendar, where: string): { unitMs: number; origin: number } {
  const [, unit = "", since = ""] = /^\s*(\w+)\s+since\s+(.+?)\s*$/i.exec(units) ?? [];
  const singular = unit.length > 2 ? unit.toLowerCase().replace(/s$/, "") : unit.toLowerCase();
  const unitMs = UNIT_MS[unit.toLowerCase()] ?? UNIT_MS[singular];
  const is360 = calendar === "360_day";
  const calendarMs = is360 && singular === "month" ? 30 * DAY_MS : is360 && singular === "year" ? 360 * DAY_MS : unitMs;
  const origin = parseDate(since, calendar)?.start;
  if (calendarMs === undefined || origin === undefined)
    throw new FormatError(
      where,
      "time units like 'hours since 1900-01-01 00:00', with a unit of fixed length",
      `'${units}'`,
      "Check the attribute.",
    );
  return { unitMs: calendarMs, origin };
}

/**
 * Parses a date to milliseconds since 1970-01-01 in the calendar: the first moment that it names, and the first after
 * it (`2013-11` is a month, `2013-11-02` a day, `2013-11-02T06` an hour, and so on).
 *
 * @returns undefined if it is no date of the calendar.
 */
export function parseDate(text: string, calendar: Calendar): { start: number; end: number } | undefined {
  const alone = /^\d{4}$/.test(text) ? `${text}-01` : text;
  const [, yearText, monthText, dayText, hourText, minuteText, secondText, zone] = DATE.exec(alone.trim()) ?? [];
  if (yearText === undefined) return undefined;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText ?? 1)];
  const [hour, minute, second] = [Number(hourText ?? 0), Number(minuteText ?? 0), Number(secondText ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month, calendar)) return undefined;
  if (hour > 24 || minute > 59 || second >= 61) return undefined;
  const start =
    daysFromDate(year, month, day, calendar) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 - zoneMs(zone);
  if (alone !== text) return { start, end: daysFromDate(year + 1, 1, 1, calendar) * DAY_MS };
  if (dayText === undefined) return { start, end: start + daysInMonth(year, month, calendar) * DAY_MS };
  if (hourText === undefined) return { start, end: start + DAY_MS };
  if (minuteText === undefined) return { start, end: start + 3_600_000 };
  return { start, end: start + (secondText === undefined ? 60_000 : 1000) };
}

function zoneMs(zone = "Z"): number {
  const [, sign, hours, minutes = "0"] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone) ?? [];
  return hours === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** A time of the axis as text, `2013-11-02T06:00:00`. */
export function formatTime(milliseconds: number, calendar: Calendar): string {
  const { year, month, day, hour } = dateFromMilliseconds(milliseconds, calendar);
  const seconds = Math.round(hour * 3600);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return `${date}T${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
