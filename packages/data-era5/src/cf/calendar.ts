/** Calendars of the CF conventions, section 4.4.1, by their first names. */
export type Calendar = "standard" | "proleptic_gregorian" | "julian" | "noleap" | "all_leap" | "360_day";

/** A moment in a calendar. */
export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** Since midnight, with its fraction. Units: hours. */
  readonly hour: number;
  /** 1 on the first of January. */
  readonly dayOfYear: number;
}

const ALIASES: Readonly<Record<string, Calendar>> = {
  gregorian: "standard",
  "365_day": "noleap",
  "366_day": "all_leap",
};

const CALENDARS: readonly string[] = [
  "standard",
  "proleptic_gregorian",
  "julian",
  "noleap",
  "all_leap",
  "360_day",
] satisfies Calendar[];

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Units: milliseconds. */
export const DAY_MS = 86_400_000;
/** Days from 1970-01-01 of the first Gregorian day, 1582-10-15, in the standard calendar. */
const GREGORIAN_START = -141_427;

/** The calendar of a CF attribute; undefined for an unknown name. Absent means standard. */
export function parseCalendar(name = "standard"): Calendar | undefined {
  const lower = name.toLowerCase();
  return ALIASES[lower] ?? (CALENDARS.includes(lower) ? (lower as Calendar) : undefined);
}

function isLeap(year: number, calendar: Calendar): boolean {
  if (calendar === "noleap") return false;
  if (calendar === "all_leap") return true;
  const isJulian = calendar === "julian" || (calendar === "standard" && year < 1582);
  return year % 4 === 0 && (isJulian || year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number, calendar: Calendar): number {
  if (calendar === "360_day") return 30;
  return month === 2 && isLeap(year, calendar) ? 29 : (MONTH_DAYS[month - 1] as number);
}

/** Days from 1970-01-01 to a date, both in the calendar. */
export function daysFromDate(year: number, month: number, day: number, calendar: Calendar): number {
  if (calendar === "standard") {
    const days = daysFromDate(year, month, day, "proleptic_gregorian");
    return days >= GREGORIAN_START ? days : daysFromDate(year, month, day, "julian") + JULIAN_SHIFT;
  }
  if (calendar === "360_day") return (year - 1970) * 360 + (month - 1) * 30 + day - 1;
  let days = daysBeforeYear(year, calendar) - daysBeforeYear(1970, calendar) + day - 1;
  for (let before = 1; before < month; before++) days += daysInMonth(year, before, calendar);
  return days;
}

/** 1970-01-01 of the Julian calendar falls on 1970-01-14. */
const JULIAN_SHIFT = 13;

/** Days before a year's first, from year 0 on. */
function daysBeforeYear(year: number, calendar: Calendar): number {
  if (calendar === "noleap") return year * 365;
  if (calendar === "all_leap") return year * 366;
  const last = year - 1;
  const julian = year * 365 + Math.floor(last / 4) + 1;
  return calendar === "julian" ? julian : julian - Math.floor(last / 100) + Math.floor(last / 400);
}

/** The date of a moment, in milliseconds since 1970-01-01 in the calendar. */
export function dateFromMilliseconds(milliseconds: number, calendar: Calendar): CalendarDate {
  const days = Math.floor(milliseconds / DAY_MS);
  const hour = (milliseconds - days * DAY_MS) / 3_600_000;
  if (calendar !== "standard") return { ...dateFromDay(days, calendar), hour };
  return days >= GREGORIAN_START
    ? { ...dateFromDay(days, "proleptic_gregorian"), hour }
    : { ...dateFromDay(days - JULIAN_SHIFT, "julian"), hour };
}

function dateFromDay(days: number, calendar: Calendar): Omit<CalendarDate, "hour"> {
  const perYear = calendar === "360_day" ? 360 : calendar === "noleap" ? 365 : calendar === "all_leap" ? 366 : 365.2425;
  let year = 1970 + Math.floor(days / perYear);
  while (daysFromDate(year, 1, 1, calendar) > days) year--;
  while (daysFromDate(year + 1, 1, 1, calendar) <= days) year++;
  let rest = days - daysFromDate(year, 1, 1, calendar);
  const dayOfYear = rest + 1;
  let month = 1;
  for (; rest >= daysInMonth(year, month, calendar); month++) rest -= daysInMonth(year, month, calendar);
  return { year, month, day: rest + 1, dayOfYear };
}
