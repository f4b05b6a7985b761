import { makeLogger } from "@graticule/core";
import { expect, test } from "vitest";
import { type Channel, makeLoader } from "../src/index.js";

const module = new URL("./scale-dataset.ts", import.meta.url).href;

/** Warnings of the first epoch's two batches, for one channel of normal noise. */
async function warnings(data: { mean: number; std: number }, channels: Channel[]): Promise<string[]> {
  const lines: string[] = [];
  const loader = await makeLoader({
    dataset: {
      module,
      export: "openNoise",
      options: { ...data, schema: channels.map(({ name, unit }) => ({ name, ...(unit && { unit }) })) },
    },
    schema: channels,
    batchSize: 2,
    seed: 0,
    shuffle: false,
    dropLast: true,
    transforms: [{ kind: "normalize" }],
    numWorkers: 0,
    prefetchBatches: 1,
    onCorrupt: "fail",
    logger: makeLogger((line) => lines.push(line)),
  });
  for await (const _ of loader.epoch(0));
  return lines;
}

test("statistics that fit to a few deviations are fine, also for dark or missing data", async () => {
  const stored = [{ name: "red", mean: 0.13, std: 0.05 }];
  expect(await warnings({ mean: 0.13, std: 0.05 }, stored)).toEqual([]);
  expect(await warnings({ mean: 0.35, std: 0.01 }, stored)).toEqual([]);
  expect(await warnings({ mean: NaN, std: 1 }, stored)).toEqual([]);
});

test("data in another unit than their statistics are named with both, once, and with the likely cause", async () => {
  expect(
    await warnings({ mean: 1300, std: 500 }, [{ name: "red", unit: "reflectance", mean: 0.13, std: 0.05 }]),
  ).toMatchInlineSnapshot(`
    [
      "warn: statistics: expected channel 'red' (reflectance) to have a mean near 0.13 and a std near 0.05 as stored, got mean 1266 and std 497.1 in the first batch. Likely cause: data in digital numbers, statistics in reflectance (scale 1e-4) (a factor of 10000). Bring the data to the unit of the statistics, or measure the statistics anew.",
    ]
  `);
  const cause = async (data: { mean: number; std: number }, mean: number, std: number) =>
    (await warnings(data, [{ name: "x", mean, std }])).map((line) => /Likely cause: (.*?)\. Bring/.exec(line)?.[1]);
  expect(await cause({ mean: 0.13, std: 0.05 }, 1300, 500)).toMatchInlineSnapshot(`
    [
      "data in reflectance (scale 1e-4), statistics in digital numbers (a factor of 1/10000)",
    ]
  `);
  expect(await cause({ mean: 5, std: 20 }, 278, 21)).toMatchInlineSnapshot(`
    [
      "data in °C, statistics in K",
    ]
  `);
  expect(await cause({ mean: 278, std: 20 }, 5, 21)).toMatchInlineSnapshot(`
    [
      "data in K, statistics in °C",
    ]
  `);
  expect(await cause({ mean: 1011, std: 12 }, 101_000, 1300)).toMatchInlineSnapshot(`
    [
      "data in hPa, or fractions, statistics in Pa, or percent (a factor of 1/100)",
    ]
  `);
  expect(await cause({ mean: 5500, std: 330 }, 54_000, 3300)).toMatchInlineSnapshot(`
    [
      "data in geopotential height (m), statistics in geopotential (m²/s²) (a factor of 1/9.80665)",
    ]
  `);
  expect(await cause({ mean: 7, std: 5 }, 0.007, 0.005)).toMatchInlineSnapshot(`
    [
      "data in g/kg, or mm, statistics in kg/kg, or m (a factor of 1000)",
    ]
  `);
  expect(await cause({ mean: 0, std: 1 }, 40, 2)).toMatchInlineSnapshot(`
    [
      "another unit or scale, or statistics of another dataset",
    ]
  `);
});

test("of many channels the first eight are named", async () => {
  const channels = Array.from({ length: 11 }, (_, index) => ({ name: `b${index}`, mean: 0, std: 1 }));
  const lines = await warnings({ mean: 100, std: 1 }, channels);
  expect(lines).toHaveLength(9);
  expect(lines.at(-1)).toMatchInlineSnapshot(`"warn: statistics: 3 more channels don't fit their statistics."`);
});
