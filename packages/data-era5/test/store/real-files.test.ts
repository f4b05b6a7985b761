import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShardDtype } from "@graticule/data";
import { describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import { makeRegularGrid } from "../../src/grid/regular-grid.js";
import type { GriddedDataset } from "../../src/gridded-dataset.js";
import { openDataset } from "../../src/open-dataset.js";
import { openSeries } from "../../src/open-series.js";
import { openForecastSamples } from "../../src/samples/forecast-samples.js";
import { type PreparedStore, type PrepareStoreOptions, prepareStore } from "../../src/store/prepare-store.js";
import { measureStore } from "../../src/store/store-statistics.js";
import { openWeatherStore } from "../../src/store/weather-store.js";

const root = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";
const folder = makeTemporaryFolder().path;

/** Prepares a store and measures it on the first part of its times; the rest are its test. */
async function prepare(
  name: string,
  sources: readonly GriddedDataset[],
  options: Omit<PrepareStoreOptions, "sources" | "out">,
  trainShare: number,
): Promise<{ readonly prepared: PreparedStore; readonly store: string }> {
  const out = join(folder, name);
  const prepared = await prepareStore({ ...options, sources, out });
  for (const source of sources) await source.close();
  const store = await openWeatherStore(out);
  const boundary = store.hours[Math.round(trainShare * store.hours.length)] as number;
  const splits = { train: { fromHours: 0, toHours: boundary }, test: { fromHours: boundary, toHours: 1e6 } };
  await measureStore(store, { splits, gapHours: 0, tendencyHours: [6] });
  await store.close();
  return { prepared, store: out };
}

/** RMSE of persistence on a split, weighted by the cosine of latitude, in the channel's unit. */
async function persistence(store: string, channel: string, leadTimeHours: number): Promise<number> {
  const samples = await openForecastSamples({ store, split: "test", leadTimeHours, inputChannels: [channel] });
  const { latitudes, longitudes } = samples.grid;
  const cosines = Array.from(latitudes, (latitude) => Math.cos((latitude * Math.PI) / 180));
  const meanCosine = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  let sum = 0;
  for (let index = 0; index < samples.length; index++) {
    const { pixels, arrays } = await samples.read(index);
    const target = arrays?.target?.data as Float32Array;
    for (let position = 0; position < target.length; position++) {
      const error = (target[position] as number) - (pixels[position] as number);
      sum += ((cosines[Math.floor(position / longitudes.length)] as number) / meanCosine) * error * error;
    }
  }
  await samples.close();
  const mean = sum / (samples.length * latitudes.length * longitudes.length);
  return Math.sqrt(mean) * (samples.targetSchema[0]?.std as number);
}

describe.skipIf(!present)(`stores of real files${reason}`, () => {
  test.each([
    ["derived/era5_djf2526_5.625deg_nc3.nc", "float32"],
    ["derived/era5_djf2526_5.625deg_nc4_deflate.nc", "int16"],
  ] satisfies [string, ShardDtype][])("%s as %s gives the inventory's errors of persistence", async (file, dtype) => {
    const source = await openDataset(`${root}era5/${file}`);
    const { prepared, store } = await prepare(dtype, [source], { channels: ["msl", "vo850"], dtype }, 288 / 360);
    expect(prepared).toEqual({ times: 360, timesLeftOut: 0, gaps: 0, shape: [2, 32, 64] });
    for (const [channel, lead, rmse] of [
      ["msl", 6, 258.9],
      ["msl", 24, 610.8],
      ["msl", 72, 929.8],
      ["vo850", 6, 3.05e-5],
      ["vo850", 24, 4.03e-5],
    ] as const) {
      const ratio = (await persistence(store, channel, lead)) / rmse;
      // The inventory gives four digits of pressure and three of vorticity.
      expect(Math.abs(ratio - 1)).toBeLessThan(channel === "msl" ? 2e-4 : 2e-3);
    }
  });

  test("three months of London as a series of files give the inventory's errors of persistence", async () => {
    const source = await openSeries(`${root}era5/london_hourly_nc3/*-sfc.nc`);
    const { prepared, store } = await prepare("london", [source], { channels: ["t2m"], dtype: "float32" }, 0.8);
    expect(prepared).toEqual({ times: 2208, timesLeftOut: 0, gaps: 0, shape: [1, 7, 7] });
    for (const [lead, rmse] of [
      [1, 0.538],
      [6, 2.236],
      [24, 3.896],
    ] as const)
      expect(Math.abs((await persistence(store, "t2m", lead)) / rmse - 1)).toBeLessThan(2e-3);
  });

  test("two Zarr stores at 2.5 degrees become one at 5.625", async () => {
    const names = ["msl", "vo850"].map(
      (name) => `${root}era5/global_2.5deg_zarr/era5_${name}_2025-2026_djf_2.5x2.5.zarr`,
    );
    const sources = await Promise.all(names.map((name) => openDataset(name)));
    const grid = makeRegularGrid([32, 64], { rows: "cell-centers" });
    const options = { channels: ["msl", "vo850"], dtype: "float32", regrid: { grid, method: "bilinear" } } as const;
    const { prepared, store } = await prepare("zarr", sources, options, 288 / 360);
    expect(prepared).toEqual({ times: 360, timesLeftOut: 0, gaps: 0, shape: [2, 32, 64] });
    const [ours, derived] = [await openWeatherStore(store), await openWeatherStore(join(folder, "float32"))];
    let largest = 0;
    for (const time of [0, 100, 359]) {
      const [a, b] = [(await ours.fields.read(time)).pixels, (await derived.fields.read(time)).pixels];
      for (let position = 0; position < 2048; position++)
        largest = Math.max(largest, Math.abs((a[position] as number) - (b[position] as number)));
    }
    // Pa, where the fields vary by 1,300: the derived file was interpolated by another program.
    expect(largest).toBeLessThan(5);
    await ours.close();
    await derived.close();
  });
});
