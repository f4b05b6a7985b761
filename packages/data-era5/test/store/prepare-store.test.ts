import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import { makeRegularGrid } from "../../src/grid/regular-grid.js";
import { type PrepareStoreOptions, prepareStore } from "../../src/store/prepare-store.js";
import { openWeatherStore } from "../../src/store/weather-store.js";
import { coordinates, makeGridded } from "./gridded-in-memory.js";
import { makeLargeSource } from "./prepare-child.js";

const folder = makeTemporaryFolder().path;
const latitudes = [60, 20, -20, -60];
const longitudes = [0, 90, 180, 270];
const dimensions = { time: 6, level: 3, latitude: 4, longitude: 4 };
const hours = [0, 6, 12, 18, 24, 36];

/** Geopotential t · 1000 + level index · 100 + row · 10 + column in m²/s², temperature in °C with dims reversed. */
const upper = makeGridded("upper.nc", dimensions, {
  ...coordinates(hours, latitudes, longitudes),
  level: { dims: ["level"], attributes: { units: "Pa" }, values: [100_000, 85_000, 50_000] },
  z: {
    dims: ["time", "level", "latitude", "longitude"],
    attributes: { units: "m**2 s**-2" },
    values: (t, l, i, j) => 1000 * t + 100 * l + 10 * i + j,
  },
  t: {
    dims: ["longitude", "latitude", "level", "time"],
    attributes: { units: "degC" },
    values: (j, i, l, t) => t + l / 10 + i / 100 + j / 1000,
  },
});

/** Sea surface temperature with missing values, south first, and without the time at 12 h. */
const surface = makeGridded(
  "surface.nc",
  { ...dimensions, time: 5 },
  {
    ...coordinates([0, 6, 18, 24, 36], latitudes.toReversed(), longitudes),
    sst: {
      dims: ["time", "latitude", "longitude"],
      attributes: { units: "K" },
      values: (t, i, j) => (j === 1 ? NaN : 280 + t + i / 10 + j / 100),
    },
    lsm: { dims: ["latitude", "longitude"], attributes: { units: "1" }, values: (_i, j) => (j === 1 ? 1 : 0) },
  },
);

const base = { sources: [upper], dtype: "float32", recordsPerShard: 2 } satisfies Partial<PrepareStoreOptions>;

test("channels are taken from their levels, with dims in any order and units converted", async () => {
  const out = join(folder, "plain");
  const prepared = await prepareStore({ ...base, channels: ["z500", "t850", "z1000"], out });
  expect(prepared).toEqual({ times: 6, timesLeftOut: 0, gaps: 1, shape: [3, 4, 4] });
  const store = await openWeatherStore(out);
  expect(store.schema).toEqual([
    { name: "z500", unit: "m2 s-2", levelHpa: 500 },
    { name: "t850", unit: "K", levelHpa: 850 },
    { name: "z1000", unit: "m2 s-2", levelHpa: 1000 },
  ]);
  expect([...store.hours]).toEqual(hours);
  const { pixels, id } = await store.fields.read(4);
  expect(id).toBe("1970-01-02T00:00");
  expect(pixels.subarray(16 * 0 + 4 * 2, 16 * 0 + 4 * 2 + 4)).toEqual(Float32Array.of(4220, 4221, 4222, 4223));
  expect(pixels[16 + 4 * 3 + 2]).toBeCloseTo(273.15 + 4 + 0.1 + 0.03 + 0.002, 4);
  expect(pixels[32 + 4 + 1]).toBe(4011);
  await store.close();
});

test("sources with other times and row orders are brought together, with static fields apart", async () => {
  const out = join(folder, "both");
  const prepared = await prepareStore({
    ...base,
    sources: [upper, surface],
    channels: ["sst", "z500"],
    staticChannels: ["lsm", "lat2d"],
    out,
  });
  expect(prepared).toMatchObject({ times: 5, timesLeftOut: 1 });
  const store = await openWeatherStore(out);
  expect([...store.hours]).toEqual([0, 6, 18, 24, 36]);
  const { pixels } = await store.fields.read(2);
  // 18 h is index 2 of the surface file, whose row 3 is the northernmost, and index 3 of the other.
  expect([...pixels.subarray(0, 4)]).toEqual([282.3, NaN, 282.32, 282.33].map(Math.fround));
  expect(pixels[16]).toBe(3200);
  expect(store.static?.schema.map(({ name }) => name)).toEqual(["lsm", "lat2d"]);
  expect([...(store.static?.pixels ?? []).slice(0, 5)]).toEqual([0, 1, 0, 0, 0]);
  expect(store.static?.pixels[16]).toBe(60);
  await store.close();
});

test("fields are regridded; times are chosen by span and step", async () => {
  const out = join(folder, "regridded");
  const grid = makeRegularGrid([2, 2], { rows: "cell-centers" });
  const options = { ...base, channels: ["z500"], regrid: { grid, method: "nearest" }, out } as const;
  const times = { from: "1970-01-01T06", to: "1970-01-02T12", stepHours: 12 };
  expect(await prepareStore({ ...options, times })).toMatchObject({ times: 2, shape: [1, 2, 2] });
  const store = await openWeatherStore(out);
  expect([...store.hours]).toEqual([12, 24]);
  // 45° N, 0° E lies nearest to 60° N, 0° E.
  expect((await store.fields.read(0)).pixels[0]).toBe(2200);
  await store.close();
  await expect(prepareStore({ ...options, times: { from: "1980" }, out: join(folder, "none") })).rejects.toThrow(
    /expected a time that every source has within \{"from":"1980"\}, got none\. The sources span 1970-01-01T00:00 to/,
  );
});

test("wrong channels are refused with what the sources have", async () => {
  const options = { ...base, out: join(folder, "refused") };
  await expect(prepareStore({ ...options, channels: ["z300"] })).rejects.toThrow(
    /a level of 300 hPa, got 1000, 850, 500/,
  );
  await expect(prepareStore({ ...options, channels: ["msl"] })).rejects.toThrow(
    /upper\.nc: expected a variable that is msl/,
  );
  await expect(prepareStore({ ...options, channels: [] })).rejects.toThrow(/channels: expected at least one/);
  await expect(prepareStore({ ...options, channels: ["z500", "geopotential_500"] })).rejects.toThrow(
    /got 'z500' twice/,
  );
  const custom = { name: "thickness", variable: "z", unit: "Pa", levelHpa: 500 };
  await expect(prepareStore({ ...options, channels: [custom] })).rejects.toThrow(/units of Pa, got 'm\*\*2 s\*\*-2'/);
  await expect(prepareStore({ ...options, sources: [surface], channels: ["lsm"] })).rejects.toThrow(
    /a dimension of time/,
  );
});

test("blocks of any size, and runs that were interrupted, give the same bytes", async () => {
  const channels = ["z500", "t850"];
  const whole = join(folder, "whole");
  await prepareStore({ ...base, channels, out: whole });
  const out = join(folder, "pieces");
  const stop = new Error("power");
  const failing = {
    ...base,
    channels,
    out,
    maxBytes: 1,
    onProgress: ({ done }: { done: number }) => {
      if (done === 3) throw stop;
    },
  };
  await expect(prepareStore(failing)).rejects.toThrow("power");
  const seen: number[] = [];
  await prepareStore({ ...failing, onProgress: ({ done, resumedFrom }) => seen.push(done, resumedFrom) });
  expect(seen).toEqual([3, 2, 4, 2, 5, 2, 6, 2]);
  for (const name of readdirSync(join(whole, "fields")))
    expect(readFileSync(join(out, "fields", name))).toEqual(readFileSync(join(whole, "fields", name)));
});

test("what is read at once stays within the bytes allowed", async () => {
  const long = makeGridded(
    "long.nc",
    { ...dimensions, time: 400 },
    {
      ...coordinates(
        Float64Array.from({ length: 400 }, (_, index) => 6 * index),
        latitudes,
        longitudes,
      ),
      t2m: { dims: ["time", "latitude", "longitude"], attributes: { units: "K" }, values: (t) => t },
    },
  );
  await prepareStore({
    ...base,
    sources: [long],
    channels: ["t2m"],
    recordsPerShard: 100,
    maxBytes: 1920,
    out: join(folder, "long"),
  });
  // A time takes 64 bytes as a record and twice 64 while it is read: 10 times of 16 values.
  expect(long.reads.largest).toBe(400);
  expect(long.reads.values).toBe(400 + 4 + 4 + 400 * 16);
});

test("a store whose making was killed twice is completed to the same bytes", async () => {
  const child = fileURLToPath(new URL("./prepare-child.ts", import.meta.url));
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", child, ...args]);
  const [whole, killed] = [join(folder, "uninterrupted"), join(folder, "killed")];
  await run(whole);
  for (const times of ["17", "38"]) await expect(run(killed, times)).rejects.toMatchObject({ signal: "SIGKILL" });
  const left = readdirSync(join(killed, "fields"));
  expect(left.filter((name) => name.endsWith(".partial"))).toHaveLength(1);
  expect(left).toContain("plan.json");
  await run(killed);
  const names = readdirSync(join(whole, "fields"));
  expect(readdirSync(join(killed, "fields"))).toEqual(names);
  expect(names).toHaveLength(10);
  for (const name of names)
    expect(readFileSync(join(killed, "fields", name))).toEqual(readFileSync(join(whole, "fields", name)));
});

test("memory stays flat while a source far larger than the limit is packed", { timeout: 120_000 }, async () => {
  // 4,000 times of 2,000 values: 32 MB of float32 through blocks of 1 MB.
  const source = makeLargeSource(4000);
  const used: number[] = [];
  const options = {
    sources: [source],
    channels: ["t2m"],
    dtype: "bf16",
    recordsPerShard: 100,
    maxBytes: 2 ** 20,
  } as const;
  const onProgress = (): unknown => used.push(process.memoryUsage().arrayBuffers);
  await prepareStore({ ...options, out: join(folder, "flat"), onProgress });
  // 12 bytes for each of 2,000 values and time: 43 times at once.
  expect(source.reads.largest).toBe(43 * 2000);
  expect(used.length).toBe(Math.ceil(4000 / 43));
  expect(Math.max(...used)).toBeLessThan(24 * 2 ** 20);
});
