import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import type { Calendar } from "../../src/cf/calendar.js";
import { makeClimatology, openClimatology } from "../../src/store/climatology.js";
import { prepareStore } from "../../src/store/prepare-store.js";
import { measureStore, readStatistics } from "../../src/store/store-statistics.js";
import { dateOf, parseHours } from "../../src/store/store-time.js";
import { openWeatherStore, type WeatherStore } from "../../src/store/weather-store.js";
import { coordinates, makeGridded } from "./gridded-in-memory.js";

const folder = makeTemporaryFolder().path;

/** A store of one or two channels on a 2 x 3 grid, by a function of the time's index, row and column. */
async function makeStore(
  name: string,
  hours: ArrayLike<number>,
  channels: Record<string, (t: number, i: number, j: number) => number>,
  calendar = "standard",
): Promise<WeatherStore> {
  const dims = ["time", "latitude", "longitude"];
  const base = coordinates(hours, [45, -45], [0, 120, 240]);
  const time = { ...base.time, attributes: { ...base.time.attributes, calendar } };
  const source = makeGridded(
    "source.nc",
    { time: hours.length, latitude: 2, longitude: 3 },
    {
      ...base,
      time,
      ...Object.fromEntries(Object.entries(channels).map(([channel, values]) => [channel, { dims, values }])),
    },
  );
  await prepareStore({ sources: [source], channels: Object.keys(channels), dtype: "float32", out: join(folder, name) });
  return openWeatherStore(join(folder, name));
}

test("statistics are those of the training split alone, of states and of changes over hours that are there", async () => {
  const random = makeRandom(1, "weather");
  const values = Array.from({ length: 40 * 6 }, () => 280 + 10 * random.normal());
  const hours = Array.from({ length: 40 }, (_, index) => 6 * index + (index >= 20 ? 6 : 0));
  const store = await makeStore("statistics", hours, {
    t2m: (t, i, j) => values[t * 6 + i * 3 + j] as number,
    sst: (t, i, j) => (i === 0 ? NaN : 300 + t + j),
  });
  const splits = { test: { fromHours: 200, toHours: 1e6 }, train: { fromHours: 0, toHours: 190 } };
  const statistics = await measureStore(store, { splits, gapHours: 30, tendencyHours: [6, 12] });
  // The training split ends 30 h before 200 h, so at 168 h: index 27.
  const train = values.slice(0, 28 * 6).map(Math.fround);
  const mean = train.reduce((sum, value) => sum + value, 0) / train.length;
  const std = Math.sqrt(train.reduce((sum, value) => sum + (value - mean) ** 2, 0) / train.length);
  expect(statistics.channels[0]).toMatchObject({ name: "t2m", count: 28 * 6 });
  expect(statistics.channels[0]?.mean).toBeCloseTo(mean, 10);
  expect(statistics.channels[0]?.std).toBeCloseTo(std, 10);
  expect(statistics.channels[1]?.count).toBe(28 * 3);
  // Changes over 6 h don't exist across the gap at index 20; those over 12 h do from 18 (114 − 6 + 12 = 126 is index 20).
  const pairs = [...Array(27).keys()].filter((index) => index !== 19);
  const changes = pairs.flatMap((t) =>
    [0, 1, 2, 3, 4, 5].map((k) => Math.fround((train[(t + 1) * 6 + k] as number) - (train[t * 6 + k] as number))),
  );
  const meanChange = changes.reduce((sum, value) => sum + value, 0) / changes.length;
  const [change] = statistics.tendencies["6"] ?? [];
  expect(change?.count).toBe(changes.length);
  expect(change?.mean).toBeCloseTo(meanChange, 10);
  expect(statistics.tendencies["12"]?.[1]?.count).toBe(3 * (18 + 1 + 6));
  expect(await readStatistics(store)).toEqual(statistics);
  expect(statistics.splits).toEqual({ train: splits.train, test: splits.test });

  const path = join(store.folder, "statistics.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"gapHours":30', '"gapHours":0'));
  await expect(readStatistics(store)).rejects.toThrow(
    /expected content of id .* It was changed: measure the store again/,
  );
  writeFileSync(path, "{");
  await expect(readStatistics(store)).rejects.toThrow(/statistics\.json: expected JSON of statistics/);
  const lost = { train: { fromHours: 5000, toHours: 6000 } };
  await expect(measureStore(store, { splits: lost, gapHours: 0, tendencyHours: [] })).rejects.toThrow(
    /expected a value of channel 't2m' in split 'train', got none/,
  );
  await store.close();
});

const dayTime = (year: number, month: number, day: number, hour = 0) =>
  parseHours("standard", `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`) + hour;

test("climatology of two years, one of them a leap year, by hand", async () => {
  // Three days around the turn of the year: value 1 in 2019, 10 in 2020 for days 364 to 366, then 100s for January 1 and 2.
  const days: [number, number][] = [
    [dayTime(2019, 1, 1), 100],
    [dayTime(2019, 1, 2), 200],
    [dayTime(2019, 12, 30), 1],
    [dayTime(2019, 12, 31), 2],
    [dayTime(2020, 1, 1), 300],
    [dayTime(2020, 2, 29), 29],
    [dayTime(2020, 3, 1), 31],
    [dayTime(2020, 12, 30), 10],
    [dayTime(2020, 12, 31), 20],
  ];
  const store = await makeStore(
    "by-hand",
    days.map(([time]) => time),
    {
      t2m: (t, i, j) => (days[t]?.[1] as number) + i / 8 + j / 64,
    },
  );
  const range = { fromHours: dayTime(2019, 1, 1), toHours: dayTime(2021, 1, 1) };
  const climatology = await makeClimatology(store, { range, windowDays: 5 });
  const pixels = new Float32Array(6);
  const at = async (year: number, month: number, day: number): Promise<number> => {
    await climatology.readInto(dayTime(year, month, day), pixels);
    expect((pixels[4] as number) - (pixels[0] as number)).toBeCloseTo(1 / 8 + 1 / 64, 4);
    return pixels[0] as number;
  };
  // Weights 1, 2, 1 (and 0 at both ends of five days). Days 364, 365, 366, 1, 2 have
  //   364: {1};  365: {2, 10};  366: {2 (2019's day 365), 20};  1: {100, 300};  2: {200}.
  expect(await at(2019, 12, 31)).toBeCloseTo((1 + 2 * (2 + 10) + 2 + 20) / (1 + 4 + 2), 4);
  expect(await at(2020, 12, 31)).toBeCloseTo((2 + 10 + 2 * (2 + 20) + 100 + 300) / (2 + 4 + 2), 4);
  expect(await at(2022, 1, 1)).toBeCloseTo((2 + 20 + 2 * (100 + 300) + 200) / (2 + 4 + 1), 4);
  // February 29 and March 1 of the leap year are days 60 and 61; in other years day 60 is March 1.
  expect(await at(2020, 2, 29)).toBeCloseTo((2 * 29 + 31) / 3, 4);
  expect(await at(2019, 3, 1)).toBeCloseTo((2 * 29 + 31) / 3, 4);
  expect(await at(2020, 3, 2)).toBeCloseTo(31, 4);
  await climatology.readInto(dayTime(2020, 7, 1), pixels);
  expect([...pixels].every(Number.isNaN)).toBe(true);
  await expect(climatology.readInto(dayTime(2020, 1, 1, 6), pixels)).rejects.toThrow(
    /an hour of the day among 0, got 6/,
  );
  await climatology.close();
  await expect(makeClimatology(store, { range, windowDays: 4 })).rejects.toThrow(
    /an odd number of days up to 366, got 4/,
  );
  await store.close();
});

test.each(["standard", "noleap", "360_day"] satisfies Calendar[])(
  "climatology of the calendar %s equals weighted sums over all days of the window",
  async (calendar) => {
    const from = parseHours(calendar, "2018");
    const hours = Array.from({ length: 3 * 365 * 2 }, (_, index) => from + 12 * index);
    const random = makeRandom(2, calendar);
    const values = hours.map(() => random.normal());
    const store = await makeStore(
      calendar,
      hours,
      { t2m: (t, i) => (t % 7 === 3 && i === 1 ? NaN : (values[t] as number)) },
      calendar,
    );
    const range = { fromHours: from, toHours: parseHours(calendar, "2020-06-01") };
    const climatology = await makeClimatology(store, { range, windowDays: 61 });
    const days = { standard: 366, noleap: 365, "360_day": 360 }[calendar];
    const pixels = new Float32Array(6);
    for (const [day, hour] of [
      [1, 0],
      [60, 12],
      [180, 0],
      [days, 12],
    ] as const) {
      const distance = (a: number): number => Math.min((a - day + days) % days, (day - a + days) % days);
      const sums = [
        [0, 0],
        [0, 0],
      ] as [[number, number], [number, number]];
      for (const [t, time] of hours.entries()) {
        const at = dateOf(calendar, time);
        if (time >= range.toHours || at.hour !== hour) continue;
        // Day 365 of 2018 and 2019 stands for their day 366 too.
        const places =
          calendar === "standard" && at.dayOfYear === 365 && at.year !== 2020 ? [365, 366] : [at.dayOfYear];
        for (const place of places) {
          const weight = Math.max(0, 1 - distance(place) / 30);
          for (const row of [0, 1] as const) {
            if (row === 1 && t % 7 === 3) continue;
            sums[row][0] += weight * (values[t] as number);
            sums[row][1] += weight;
          }
        }
      }
      const year = calendar === "standard" ? 2020 : 2019;
      await climatology.readInto(parseHours(calendar, `${year}`) + 24 * (day - 1) + hour, pixels);
      expect(pixels[0]).toBeCloseTo(sums[0][0] / sums[0][1], 5);
      expect(pixels[3]).toBeCloseTo(sums[1][0] / sums[1][1], 5);
    }
    await climatology.close();
    await (await openClimatology(store)).close();
    await store.close();
  },
);
