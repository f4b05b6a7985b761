import { expect, test } from "vitest";
import {
  calendarTime,
  formatTime,
  hoursOfDate,
  parseCalendar,
  parseTime,
  solarDate,
} from "../../src/store/calendar.js";

test("days are counted as each calendar does", () => {
  expect(hoursOfDate("standard", 2000, 3, 1) - hoursOfDate("standard", 2000, 2, 28)).toBe(48);
  expect(hoursOfDate("noleap", 2000, 3, 1) - hoursOfDate("noleap", 2000, 2, 28)).toBe(24);
  expect(hoursOfDate("360_day", 2000, 3, 1) - hoursOfDate("360_day", 2000, 2, 28)).toBe(72);
  expect(calendarTime("standard", hoursOfDate("standard", 2020, 12, 31) + 18.5)).toEqual({
    ...{ year: 2020, dayOfYear: 366, hour: 18.5 },
  });
  expect(calendarTime("noleap", hoursOfDate("noleap", 1850, 12, 31))).toEqual({ year: 1850, dayOfYear: 365, hour: 0 });
  expect(calendarTime("standard", -1)).toEqual({ year: 1969, dayOfYear: 365, hour: 23 });
});

test("times are written and read back", () => {
  for (const text of ["1850-01-01T00:00", "2020-02-28T06:30", "1999-12-30T23:00"])
    for (const calendar of ["standard", "noleap", "360_day"] as const)
      expect(formatTime(calendar, parseTime(calendar, text))).toBe(text);
  expect(formatTime("360_day", parseTime("360_day", "2001-02-30"))).toBe("2001-02-30T00:00");
  expect(parseTime("standard", "2020")).toBe(parseTime("standard", "2020-01-01T00:00"));
  for (const [calendar, text] of [
    ["standard", "2021-02-29"],
    ["noleap", "2020-02-29"],
    ["standard", "yesterday"],
    ["standard", "2020-13"],
  ] as const)
    expect(() => parseTime(calendar, text)).toThrow(
      `expected a date as 2020, 2020-02-28 or 2020-02-28T06:00, got '${text}'`,
    );
  expect(() => parseCalendar("julian")).toThrow(/calendar: expected standard, .* got 'julian'/);
});

test("the Sun follows the share of the year, whatever its number of days", () => {
  expect(solarDate("noleap", parseTime("noleap", "2020-12-31T12:00")).toISOString()).toBe("2020-12-31T12:00:00.000Z");
  expect(solarDate("360_day", parseTime("360_day", "2001-06-01T06:00")).toISOString()).toBe("2001-06-02T06:00:00.000Z");
});
