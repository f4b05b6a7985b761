import { basename } from "node:path";
import { ConfigError } from "@graticule/core";
import { openByteSource } from "@graticule/data";
import { readTiffDirectories } from "../tiff-directory.js";

const DATE_TIME_TAG = 306;

/**
 * The day a scene was taken, `YYYY-MM-DD`: by a pattern with groups `year`, `month`, `day` (or `day` of the year) in
 * its file name; else by the usual forms there, `20200113`, `2020-01-13`, `2020013`, or Landsat's old names
 * (`LE7PPPRRRYYYYDDD`); else by the TIFF's DateTime.
 *
 * @throws {ConfigError} if none tells a day.
 */
export async function readSceneDate(path: string, pattern?: string): Promise<string> {
  const name = basename(path);
  if (pattern !== undefined) {
    const groups = new RegExp(pattern).exec(name)?.groups;
    const day = groups && toDay(groups.year, groups.month, groups.day);
    if (day !== undefined) return day;
    throw new ConfigError(
      `openTimeStacks: expected datePattern to find year, month and day in '${name}', got ${JSON.stringify({ ...groups })} by ${pattern}.`,
    );
  }
  for (const usual of USUAL) {
    const groups = usual.exec(name)?.groups;
    const day = groups && toDay(groups.year, groups.month, groups.day);
    if (day !== undefined) return day;
  }
  const source = await openByteSource(path);
  const [main] = await readTiffDirectories(source).finally(() => source.close());
  const [, year, month, day] = /^(\d{4}):(\d\d):(\d\d)/.exec(main?.text(DATE_TIME_TAG) ?? "") ?? [];
  const found = toDay(year, month, day);
  if (found !== undefined) return found;
  throw new ConfigError(
    `openTimeStacks: expected a day in the name or the DateTime of '${path}', got none. Give a datePattern such as "(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)".`,
  );
}

const USUAL = [
  /^L[A-Z]\d\d{6}(?<year>\d{4})(?<day>\d{3})/,
  /(?<!\d)(?<year>(?:19|20)\d\d)([-_.]?)(?<month>\d\d)\2(?<day>\d\d)(?!\d)/,
  /(?<!\d)(?<year>(?:19|20)\d\d)(?<day>\d{3})(?!\d)/,
];

/** Without a month, `day` counts from the year's first; undefined if there is no such day. */
function toDay(year?: string, month?: string, day?: string): string | undefined {
  const date = new Date(Date.UTC(Number(year), month === undefined ? 0 : Number(month) - 1, Number(day)));
  const agrees =
    date.getUTCFullYear() === Number(year) && (month === undefined || date.getUTCMonth() + 1 === Number(month));
  return agrees && Number(day) > 0 ? date.toISOString().slice(0, 10) : undefined;
}
