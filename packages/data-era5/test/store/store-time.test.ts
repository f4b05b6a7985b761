import { expect, test } from "vitest";
import { formatHours, parseHours, solarDate } from "../../src/store/store-time.js";

test("times are written and read back", () => {
  for (const text of ["1850-01-01T00:00", "2020-02-28T06:30", "1999-12-30T23:00"])
    for (const calendar of ["standard", "noleap", "360_day"] as const)
      expect(formatHours(calendar, parseHours(calendar, text))).toBe(text);
  expect(parseHours("standard", "2020")).toBe(parseHours("standard", "2020-01-01T00:00"));
  expect(() => parseHours("noleap", "2020-02-29")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: time: expected a date of calendar noleap, as 2020, 2020-02-28 or 2020-02-28T06:00, got '2020-02-29'.]`,
  );
  expect(() => parseHours("standard", "yesterday")).toThrow(/got 'yesterday'/);
});

test("the Sun follows the share of the year, whatever its number of days", () => {
  const at = (calendar: "noleap" | "360_day", text: string) =>
    solarDate(calendar, parseHours(calendar, text)).toISOString();
  expect(at("noleap", "2020-12-31T12:00")).toBe("2020-12-31T12:00:00.000Z");
  expect(at("360_day", "2001-06-01T06:00")).toBe("2001-06-02T06:00:00.000Z");
});
