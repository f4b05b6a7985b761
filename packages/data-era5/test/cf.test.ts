import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeValueDecoder } from "../src/cf/decode-values.js";
import { formatTime, parseDate } from "../src/cf/time-axis.js";
import { decodeTimes, encodeTimes } from "../src/index.js";
import { fixturePath } from "./expected.js";

interface TimeCase {
  readonly calendar: string;
  readonly units: string;
  readonly values: readonly number[];
  readonly dates: readonly string[];
}

const cases: readonly TimeCase[] = JSON.parse(readFileSync(fixturePath("times.json"), "utf8"));

describe("times", () => {
  test.each(cases)("$units in the $calendar calendar are the dates that cftime gives", (one) => {
    const axis = decodeTimes(one.values, one.units, one.calendar, "test");
    const dates = [...axis.milliseconds].map((value) => formatTime(value, axis.calendar));
    expect(dates).toEqual(one.dates);
    expect([...encodeTimes(axis, one.units)].map((value) => Math.round(value * 1e6) / 1e6)).toEqual(one.values);
  });

  test("hours since 1900 are milliseconds of Date in UTC", () => {
    // ERA5's files: 998,328 hours after 1900-01-01 begins 21 November 2013.
    const { milliseconds, date } = decodeTimes([998_328], "hours since 1900-01-01 00:00:00.0", undefined, "test");
    expect(new Date(milliseconds[0] as number).toISOString()).toBe("2013-11-21T00:00:00.000Z");
    expect(date(0)).toEqual({ year: 2013, month: 11, day: 21, hour: 0, dayOfYear: 325 });
  });

  test("text names a moment, or the whole of a day, month or year", () => {
    expect(parseDate("2013-02", "noleap")).toMatchObject({ end: expect.any(Number) });
    const day = 86_400_000;
    const lengths = ["2012", "2012-02", "2012-02-29", "2012-02-29T06", "2012-02-29T06:30"].map((text) => {
      const { start, end } = parseDate(text, "standard") ?? { start: NaN, end: NaN };
      return (end - start) / day;
    });
    expect(lengths).toEqual([366, 29, 1, 1 / 24, 1 / 1440]);
    expect(parseDate("2011-02-29", "standard")).toBeUndefined();
  });

  test("units and calendars that can't be read are named", () => {
    const message = (units: string, calendar?: string) => () => decodeTimes([0], units, calendar, "a.nc: 'time'");
    expect(message("fortnights since 1900-01-01")).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: a.nc: 'time': expected time units like 'hours since 1900-01-01 00:00', with a unit of fixed length, got 'fortnights since 1900-01-01'. Check the attribute.]`,
    );
    expect(message("months since 1900-01-01")).toThrow(/with a unit of fixed length, got 'months since 1900-01-01'/);
    expect(message("days since yesterday")).toThrow(/got 'days since yesterday'/);
    expect(message("days since 1900-01-01", "lunar")).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: a.nc: 'time': expected a calendar of the CF conventions, got 'lunar'. Check the attribute.]`,
    );
  });
});

describe("packed values", () => {
  const decode = (
    dtype: Parameters<typeof makeValueDecoder>[0],
    attributes: Parameters<typeof makeValueDecoder>[1],
    values: Parameters<ReturnType<typeof makeValueDecoder>["decode"]>[0],
  ) => [...makeValueDecoder(dtype, attributes).decode(values)];

  test("scale and offset apply after missing values are found in stored numbers", () => {
    const attributes = { scale_factor: 0.5, add_offset: 10, _FillValue: -32767, missing_value: [-1, -2, -3] };
    expect(decode("int16", attributes, Int16Array.of(-32767, -1, -2, -3, 0, 8))).toEqual([NaN, NaN, NaN, NaN, 10, 14]);
  });

  test("long reads of 16-bit numbers give what short ones give", () => {
    const attributes = { scale_factor: 0.002, add_offset: 250, _FillValue: -32767, valid_min: -30_000 };
    const values = Int16Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 65_536);
    const once = makeValueDecoder("int16", attributes).decode(values);
    const pieces = [0, 1, 2, 3, 4, 5, 6].map((piece) =>
      makeValueDecoder("int16", attributes).decode(values.slice(piece * 10_000, (piece + 1) * 10_000)),
    );
    expect(Buffer.from(once.buffer).equals(Buffer.concat(pieces.map(({ buffer }) => Buffer.from(buffer))))).toBe(true);
  });

  test("valid ranges are of stored numbers, unless they are no integers", () => {
    expect(decode("int8", { valid_range: [0, 2], scale_factor: 2 }, Int8Array.of(-1, 0, 2, 3))).toEqual([
      NaN,
      0,
      4,
      NaN,
    ]);
    expect(decode("int16", { valid_max: 1.5, scale_factor: 0.5 }, Int16Array.of(0, 3, 4))).toEqual([0, 1.5, NaN]);
    expect(decode("float32", { valid_min: 0.5 }, Float32Array.of(0, 1))).toEqual([NaN, 1]);
  });

  test("_Unsigned sees signed bytes as unsigned, marks included", () => {
    expect(decode("int8", { _Unsigned: "true", _FillValue: -1 }, Int8Array.of(-1, -2, 1))).toEqual([NaN, 254, 1]);
    expect(decode("uint8", { _Unsigned: "false", _FillValue: 255 }, Uint8Array.of(255, 254))).toEqual([NaN, -2]);
  });

  test("float32 compares with marks as float32; what was never written is missing", () => {
    const marks = { missing_value: 1e20 };
    expect(decode("float32", marks, Float32Array.of(1e20, 9.969209968386869e36, 3))).toEqual([NaN, NaN, 3]);
    expect(decode("float64", { _FillValue: -999, scale_factor: 2 }, Float64Array.of(-999, 4))).toEqual([NaN, 8]);
  });
});
