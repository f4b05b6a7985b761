import { join } from "node:path";
import { type Batch, makeLoader, threadWork } from "@graticule/data";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import {
  type ForecastSamplesOptions,
  forecastSamplesSpec,
  openForecastSamples,
} from "../../src/samples/forecast-samples.js";
import { prepareStore } from "../../src/store/prepare-store.js";
import { measureStore } from "../../src/store/store-statistics.js";
import { openWeatherStore } from "../../src/store/weather-store.js";
import { toaIncidentSolarRadiation } from "../../src/time-features/solar-radiation.js";
import { coordinates, makeGridded } from "../store/gridded-in-memory.js";

const folder = makeTemporaryFolder().path;
const latitudes = [60, 0, -60];
const longitudes = [0, 72, 144, 216];
// 60 steps of 6 h, of which the one at index 40 is missing.
const hours = Array.from({ length: 60 }, (_, index) => 6 * (index < 40 ? index : index + 1));
const t2m = (t: number, i: number, j: number): number => 280 + Math.sin(t) + i + j / 10;
const sst = (t: number, i: number, j: number): number => (j === 1 ? NaN : 290 + 0.1 * t + i * j);

async function makeStore(): Promise<string> {
  const path = join(folder, "store");
  const dims = ["time", "latitude", "longitude"];
  const source = makeGridded(
    "source.nc",
    { time: 60, latitude: 3, longitude: 4 },
    {
      ...coordinates(hours, latitudes, longitudes),
      t2m: { dims, attributes: { units: "K" }, values: t2m },
      sst: { dims, attributes: { units: "K" }, values: sst },
      lsm: { dims: dims.slice(1), attributes: { units: "1" }, values: (_i, j) => (j === 1 ? 1 : 0) },
    },
  );
  const channels = ["t2m", "sst"];
  await prepareStore({ sources: [source], channels, staticChannels: ["lsm"], dtype: "float32", out: path });
  const store = await openWeatherStore(path);
  const splits = { train: { fromHours: 0, toHours: 300 }, test: { fromHours: 300, toHours: 1000 } };
  await measureStore(store, { splits, gapHours: 6, tendencyHours: [6] });
  await store.close();
  return path;
}

const store = await makeStore();
const base = { store, split: "train", leadTimeHours: 12 } satisfies ForecastSamplesOptions;

test("inputs, history, static fields, features and targets are where the schemas say, in units of the statistics", async () => {
  const samples = await openForecastSamples({
    ...base,
    historyHours: [6],
    targetChannels: ["sst"],
    features: ["solarAtTarget", "timeOfDay", "timeOfYear"],
  });
  expect(samples.schema.map(({ name }) => name)).toEqual([
    ...["t2m", "sst", "t2m 6 h before", "sst 6 h before", "lsm", "tisr at target"],
    ...["local time sin", "local time cos", "time of year sin", "time of year cos"],
  ]);
  // Train ends 6 + 12 h before 300 h: the last window is 270 … 282 − 1, and 240 h (index 40) is missing.
  expect([...samples.startHours]).toEqual([
    ...Array.from({ length: 37 }, (_, index) => 6 * (index + 1)),
    ...[252, 258, 264],
  ]);
  const { pixels, shape, id, arrays } = await samples.read(4);
  expect([shape, id]).toEqual([[10, 3, 4], "1970-01-02T06:00 + 12 h"]);
  const [schema, targetSchema] = [samples.schema, samples.targetSchema];
  const valueAt = (channel: number, i: number, j: number): number =>
    (pixels[12 * channel + 4 * i + j] as number) * (schema[channel]?.std as number) + (schema[channel]?.mean as number);
  expect(valueAt(0, 2, 3)).toBeCloseTo(t2m(5, 2, 3), 3);
  expect(valueAt(1, 2, 3)).toBeCloseTo(sst(5, 2, 3), 3);
  expect(valueAt(2, 1, 0)).toBeCloseTo(t2m(4, 1, 0), 3);
  expect(pixels[12 + 4 + 1]).toBe(0);
  expect([valueAt(4, 1, 1), valueAt(4, 1, 2)].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([1, 0]);
  const sun = toaIncidentSolarRadiation(samples.grid, new Date((30 + 12) * 3_600_000));
  expect(valueAt(5, 1, 2)).toBeCloseTo(sun[6] as number, 0);
  // 6 h at 72° E is 10:48 local solar time.
  expect(pixels[12 * 6 + 1]).toBeCloseTo(Math.sin((2 * Math.PI * 10.8) / 24), 6);
  expect(pixels[12 * 8]).toBeCloseTo(Math.sin((2 * Math.PI * 1.25) / 365), 6);
  const { target, targetMask, leadTimeHours, startHours } = arrays as NonNullable<typeof arrays>;
  expect([leadTimeHours?.data[0], startHours?.data[0], target?.shape]).toEqual([12, 30, [1, 3, 4]]);
  const [{ mean, std, name }] = targetSchema as [(typeof targetSchema)[0]];
  expect(name).toBe("sst");
  expect((target?.data[11] as number) * (std as number) + (mean as number)).toBeCloseTo(sst(7, 2, 3), 3);
  expect([...(targetMask?.data ?? [])]).toEqual([1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1]);
  expect(target?.data[1]).toBe(0);
  await samples.close();
});

test("a part of the channels has the pixels of the whole, and its targets", async () => {
  const options = { ...base, historyHours: [6], features: ["timeOfDay"] as const };
  const whole = await openForecastSamples(options);
  const { pixels, arrays } = await whole.read(4);
  // The state now; of the earlier one the sea alone; none of the static fields; the second of the features.
  for (const heldChannels of [[0, 1, 3, 6], [6], [2], [4, 5, 6]]) {
    const part = await openForecastSamples({ ...options, heldChannels });
    const own = await part.read(4);
    expect(own.shape).toEqual([heldChannels.length, 3, 4]);
    expect([...own.pixels]).toEqual(heldChannels.flatMap((place) => [...pixels.subarray(12 * place, 12 * place + 12)]));
    expect([own.arrays, part.schema]).toEqual([arrays, whole.schema]);
    await part.close();
  }
  await whole.close();
  await expect(openForecastSamples({ ...options, heldChannels: [1, 0] })).rejects.toThrow(
    "heldChannels: expected rising places from 0 to 6, got 1, 0.",
  );
});

test("a part of the channels reads the bytes of its own states and of the targets, no others", async () => {
  const options = { ...base, historyHours: [6], targetChannels: ["sst"] };
  const blockBytes = 4 * 3 * 4;
  // Of the state now, of the earlier one, and of the target.
  for (const [heldChannels, blocks] of [
    [[0, 1, 2, 3], 2 + 2 + 1],
    [[0, 1], 2 + 1],
    [[3], 1 + 1],
  ] as const) {
    const part = await openForecastSamples({ ...options, heldChannels });
    await part.read(4);
    const before = threadWork.bytesRead;
    await part.read(4);
    expect(threadWork.bytesRead - before).toBe(blocks * blockBytes);
    await part.close();
  }
});

test("changes are predicted in units of changes", async () => {
  const samples = await openForecastSamples({ ...base, leadTimeHours: 6, target: { tendencyHours: 6 } });
  const { arrays } = await samples.read(3);
  const [{ name, mean, std }] = samples.targetSchema as [(typeof samples.targetSchema)[0]];
  expect(name).toBe("t2m change");
  const change = (arrays?.target?.data[7] as number) * (std as number) + (mean as number);
  expect(change).toBeCloseTo(t2m(4, 1, 3) - t2m(3, 1, 3), 4);
  await samples.close();
  await expect(openForecastSamples({ ...base, target: { tendencyHours: 24 } })).rejects.toThrow(
    /expected hours that were measured \(6\), got \{"tendencyHours":24\}/,
  );
});

async function collectBatches(options: ForecastSamplesOptions, numWorkers: number, epoch: number): Promise<Batch[]> {
  const loader = await makeLoader({
    ...{ dataset: forecastSamplesSpec(options), batchSize: 5, seed: 9, shuffle: true, dropLast: false },
    ...{ transforms: [], numWorkers, prefetchBatches: 2, onCorrupt: "fail" },
  });
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch)) batches.push(batch);
  await loader.close();
  return batches;
}

test("random lead times depend on seed, epoch and sample, not on workers, and every one is drawn", async () => {
  const options = { ...base, leadTimeHours: { from: 6, to: 36, step: 6 }, inputChannels: ["sst", "t2m"] };
  const leads = (batches: Batch[]): number[] =>
    batches.flatMap(({ arrays }) => [...(arrays.leadTimeHours?.data ?? [])]);
  const first = await collectBatches(options, 0, 0);
  expect(await collectBatches(options, 2, 0)).toEqual(first);
  expect(leads(await collectBatches(options, 0, 1))).not.toEqual(leads(first));
  expect([...new Set(leads(first))].sort((a, b) => a - b)).toEqual([6, 12, 18, 24, 30, 36]);
  const samples = await openForecastSamples(options);
  const [{ images, arrays, indices }] = first as [Batch];
  const own = await samples.read(indices[0] as number, { seed: 9, epoch: 0 });
  expect(images.subarray(0, own.pixels.length)).toEqual(own.pixels);
  expect(arrays.target?.data.subarray(0, 24)).toEqual(own.arrays?.target?.data);
  // Sample i targets the state at start + lead: the sea is 0.1 K warmer each step.
  const lead = own.arrays?.leadTimeHours?.data[0] as number;
  const scale = samples.targetSchema[0]?.std as number;
  expect(((own.arrays?.target?.data[0] as number) - (own.pixels[0] as number)) * scale).toBeCloseTo(
    (0.1 * lead) / 6,
    3,
  );
  await samples.close();
});

test("no target of training is an input of the test, whatever the lead time", async () => {
  for (const leadTimeHours of [6, 60, [6, 24]]) {
    const train = await openForecastSamples({ ...base, leadTimeHours });
    const evaluation = await openForecastSamples({ ...base, split: "test", leadTimeHours: 6 });
    const longest = Math.max(...[leadTimeHours].flat());
    const lastTarget = (train.startHours.at(-1) as number) + longest;
    expect((evaluation.startHours[0] as number) - lastTarget).toBeGreaterThan(longest);
    await train.close();
    await evaluation.close();
  }
});

test("what the store lacks is said by name", async () => {
  const refuse = async (options: Partial<ForecastSamplesOptions>, message: RegExp): Promise<void> =>
    expect(openForecastSamples({ ...base, ...options })).rejects.toThrow(message);
  await refuse({ split: "val" }, /split: expected one of train, test, got 'val'/);
  await refuse({ inputChannels: ["msl"] }, /inputChannels: expected channels of the store \(t2m, sst\), got 'msl'/);
  await refuse({ targetChannels: [] }, /targetChannels: expected at least one channel/);
  await refuse({ leadTimeHours: [] }, /leadTimeHours: expected hours above 0/);
  await refuse({ leadTimeHours: { from: 6, to: 12, step: 0 } }, /leadTimeHours: expected hours above 0/);
  await refuse({ historyHours: [-6] }, /historyHours: expected hours above 0, got -6/);
  await refuse({ features: ["moon" as "solar"] }, /features: expected solar, .* got 'moon'/);
  await refuse({ leadTimeHours: 240 }, /got none: from 1970-01-01T00:00 to 1970-01-03T12:00 no window of 240 hours/);
});
