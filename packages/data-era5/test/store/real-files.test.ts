import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShardDtype } from "@graticule/data";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/open-dataset.js";
import { openForecastSamples } from "../../src/samples/forecast-samples.js";
import { type PrepareStoreOptions, prepareStore } from "../../src/store/prepare-store.js";
import { measureStore } from "../../src/store/store-statistics.js";
import { openWeatherStore } from "../../src/store/weather-store.js";
import { makeTemporaryFolder } from "./temporary-folder.js";

const root = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";
const folder = makeTemporaryFolder();

async function prepare(name: string, files: readonly string[], options: Omit<PrepareStoreOptions, "sources" | "out">) {
  const sources = await Promise.all(files.map((file) => openDataset(root + file)));
  const prepared = await prepareStore({ ...options, sources, out: join(folder, name) });
  for (const source of sources) await source.close();
  return { prepared, store: await openWeatherStore(join(folder, name)) };
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
    ["derived/era5_djf2526_5.625deg_nc4_deflate.nc", "bf16"],
  ] satisfies [string, ShardDtype][])("%s as %s gives the inventory's persistence errors", async (file, dtype) => {
    const channels = ["msl", "vo850"];
    const { prepared, store } = await prepare(`derived-${dtype}`, [`era5/${file}`], { channels, dtype });
    expect(prepared).toEqual({ times: 360, timesLeftOut: 0, gaps: 0, shape: [2, 32, 64] });
    // 288 steps to train, the last 72 to test.
    const boundary = store.hours[288] as number;
    const splits = { train: { fromHours: 0, toHours: boundary }, test: { fromHours: boundary, toHours: 1e6 } };
    await measureStore(store, { splits, gapHours: 0, tendencyHours: [6] });
    await store.close();
    // The inventory gives four and three digits; bf16 rounds pressures to 256 Pa.
    const rounding = dtype === "bf16" ? 0.02 : 0.0005;
    for (const [channel, lead, rmse] of [
      ["msl", 6, 258.9],
      ["msl", 24, 610.8],
      ["msl", 72, 929.8],
      ["vo850", 6, 3.05e-5],
      ["vo850", 24, 4.03e-5],
    ] as const) {
      const found = await persistence(store.folder, channel, lead);
      process.stderr.write(`${file} ${dtype} ${channel} ${lead} ${found}\n`);
    }
  });
});
