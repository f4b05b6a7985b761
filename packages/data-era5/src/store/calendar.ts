import { ConfigError } from "@graticule/core";

/** Calendars of CF that the store knows; their days differ, their hours don't. */
export type Calendar = "standard" | "noleap" | "360_day";

const NAMES: Readonly<Record<string, Calendar>> = {
  standard: "standard",
  gregorian: "standard",
  proleptic_gregorian: "standard",
  noleap: "noleap",
  "365_day": "noleap",
  "360_day": "360_day",
};
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const HOUR_MS = 3_600_000;

/**
 * The calendar that a file names.
 *
 * @throws {ConfigError} if the store does not know it.
 */
export function parseCalendar(name: string): Calendar {
  const calendar = Object.hasOwn(NAMES, name.toLowerCase()) ? NAMES[name.toLowerCase()] : undefined;
  if (calendar) return calendar;
  throw new ConfigError(`calendar: expected ${Object.keys(NAMES).join(", ")}, got '${name}'.`);
}

/** Hours from 1970-01-01 00:00 to the start of a day; `month` and `day` from 1. */
export function hoursOfDate(calendar: Calendar, year: number, month = 1, day = 1): number {
  if (calendar === "standard") {
    // setUTCFullYear takes the years 0 to 99 as they are.
    return new Date(0).setUTCFullYear(year, month - 1, day) / HOUR_MS;
  }
  const [daysInYear, before] =
    calendar === "noleap" ? [365, DAYS_BEFORE_MONTH[month - 1] as number] : [360, 30 * (month - 1)];
  return 24 * ((year - 1970) * daysInYear + before + day - 1);
}

/** A moment as the calendar counts it: day of the year from 1, hour of the day with its fraction. */
export interface CalendarTime {
  readonly year: number;
  readonly dayOfYear: number;
  readonly hour: number;
}

/** Splits hours since 1970 into year, day of the year and hour. */
export function calendarTime(calendar: Calendar, hours: number): CalendarTime {
  const days = Math.floor(hours / 24);
  const hour = hours - 24 * days;
  if (calendar === "standard") {
    const year = new Date(hours * HOUR_MS).getUTCFullYear();
    return { year, dayOfYear: days - hoursOfDate(calendar, year) / 24 + 1, hour };
  }
  const daysInYear = calendar === "noleap" ? 365 : 360;
  const years = Math.floor(days / daysInYear);
  return { year: 1970 + years, dayOfYear: days - years * daysInYear + 1, hour };
}

/**
 * The moment of the true calendar at which the Sun stands as the store's time means it: the same share of the year and
 * the same hour of the day.
 */
export function solarDate(calendar: Calendar, hours: number): Date {
  if (calendar === "standard") return new Date(hours * HOUR_MS);
  const { year, dayOfYear, hour } = calendarTime(calendar, hours);
  const start = hoursOfDate("standard", year);
  const daysInYear = (hoursOfDate("standard", year + 1) - start) / 24;
  const day = Math.round(((dayOfYear - 1) * daysInYear) / (calendar === "noleap" ? 365 : 360));
  return new Date((start + 24 * day + hour) * HOUR_MS);
}

/** Writes a time as `2020-02-29T06:00`; minutes are rounded. */
export function formatTime(calendar: Calendar, hours: number): string {
  if (calendar === "standard") return new Date(Math.round(hours * 60) * 60_000).toISOString().slice(0, 16);
  const minutes = Math.round(hours * 60);
  const { year, dayOfYear, hour } = calendarTime(calendar, minutes / 60);
  const month =
    calendar === "360_day"
      ? Math.floor((dayOfYear - 1) / 30) + 1
      : DAYS_BEFORE_MONTH.findLastIndex((before) => before < dayOfYear) + 1;
  const day = dayOfYear - (calendar === "360_day" ? 30 * (month - 1) : (DAYS_BEFORE_MONTH[month - 1] as number));
  const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
  const minute = Math.round((hour % 1) * 60);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(Math.floor(hour))}:${pad(minute)}`;
}

/**
 * Reads a date as users write it: `2020`, `2020-02`, `2020-02-29`, `2020-02-29T06`, `2020-02-29T06:30`.
 *
 * @returns hours since 1970-01-01 00:00.
 * @throws {ConfigError} if it is no such date.
 */
export function parseTime(calendar: Calendar, text: string): number {
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{2})(?::00)?)?Z?)?)?)?$/.exec(text);
  const [year, month = 1, day = 1, hour = 0, minute = 0] = (match ?? []).slice(1).map((part) => part && Number(part));
  const hours = match
    ? hoursOfDate(calendar, Number(year), Number(month), Number(day)) + Number(hour) + Number(minute) / 60
    : NaN;
  const given = match?.[3] === undefined ? match?.[0] : match[0].slice(0, 10);
  if (!match || !formatTime(calendar, hours).startsWith(given as string))
    throw new ConfigError(`time: expected a date as 2020, 2020-02-28 or 2020-02-28T06:00, got '${text}'.`);
  return hours;
}
