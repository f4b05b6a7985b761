import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { dimensionOf, openDataset, openSeries, orient, readBounds, sel, writeNetcdf } from "../src/index.js";

const folder = makeTemporaryFolder();

/** Times in hours since 2000, latitudes 45, 0, −45 and eight longitudes; values count from `first`. */
async function write(
  name: string,
  hours: readonly number[],
  changes: { first?: number; units?: string; longitudes?: readonly number[] } = {},
): Promise<string> {
  const { first = 0, units = "hours since 2000-01-01", longitudes = [0, 45, 90, 135, 180, 225, 270, 315] } = changes;
  const path = folder.write(name, "");
  const values = Float32Array.from({ length: hours.length * 2 * 3 * 8 }, (_, index) => first * 48 + index);
  await writeNetcdf(path, {
    dimensions: { time: hours.length, level: 2, lat: 3, lon: longitudes.length },
    variables: {
      time: { dims: ["time"], data: Int32Array.from(hours), attributes: { units, calendar: "standard" } },
      level: { dims: ["level"], data: Float32Array.of(50_000, 85_000), attributes: { units: "Pa" } },
      lat: { dims: ["lat"], data: Float32Array.of(45, 0, -45), attributes: { units: "degrees_north" } },
      lon: { dims: ["lon"], data: Float32Array.from(longitudes), attributes: { units: "degrees_east" } },
      t: { dims: ["time", "level", "lat", "lon"], data: values, attributes: { units: "K" } },
    },
  });
  return path;
}

test("values are selected by roles or names, and single ones drop their dimension", async () => {
  const dataset = await openDataset(await write("a.nc", [0, 6, 12, 18]));
  expect(["time", "level", "latitude", "longitude"].map((role) => dimensionOf(dataset, role as "time"))).toEqual([
    "time",
    "level",
    "lat",
    "lon",
  ]);
  const part = await sel(dataset, {
    time: "2000-01-01T06:00",
    level: 850,
    latitude: { from: -50, to: 10 },
    lon: { from: 300, to: 60 },
  });
  expect(part.dimensions).toEqual({ lat: 2, lon: 3 });
  expect((await part.variables.get("lon")?.read())?.data).toEqual(Float32Array.of(315, 360, 405));
  const t = await part.variables.get("t")?.read();
  // Time 1, level 1: 48 + 24; rows 1 and 2; columns 7, 0, 1.
  expect([t?.shape, ...(t?.data ?? [])]).toEqual([[2, 3], 87, 80, 81, 95, 88, 89]);
  const column = await part.variables.get("t")?.read({ lon: 1 });
  expect([column?.dims, ...(column?.data ?? [])]).toEqual([["lat"], 80, 88]);
});

test("levels as a list, days as a whole, the nearest within a tolerance", async () => {
  const dataset = await openDataset(await write("b.nc", [0, 6, 24, 30]));
  const part = await sel(dataset, { time: "2000-01-02", level: [850, 500], latitude: 45, longitude: 90 });
  expect([...((await part.variables.get("t")?.read())?.data ?? [])]).toEqual([122, 98, 170, 146]);
  const near = await sel(dataset, { latitude: 30, longitude: -80 }, { method: "nearest", tolerance: 20 });
  expect((await near.variables.get("t")?.read({ time: 0, level: 0 }))?.data).toEqual(Float32Array.of(6));
});

test("what is not there is named, with the nearest that is", async () => {
  const dataset = await openDataset(await write("c.nc", [0, 6]));
  const message = async (query: Parameters<typeof sel>[1], options = {}) =>
    sel(dataset, query, options).then(
      () => "",
      (error: Error) => error.message.replace(folder.path, ""),
    );
  expect([
    await message({ latitude: 30 }),
    await message({ latitude: 30 }, { method: "nearest", tolerance: 1 }),
    await message({ time: "2000-01-01T03:00" }),
    await message({ time: "2001" }),
    await message({ time: "soon" }),
    await message({ member: 1 }),
  ]).toMatchInlineSnapshot(`
    [
      "sel: expected a value of 'lat' equal to 30, got 45 as the nearest. Select the nearest, or check the value.",
      "sel: expected a value of 'lat' within 1 of 30, got 45 as the nearest. Raise the tolerance.",
      "sel: expected a value of 'time' equal to 2000-01-01T03:00:00, got 2000-01-01T00:00:00 as the nearest. Select the nearest, or check the value.",
      "sel: expected a time of 'time' within 2001, got none. Check the date.",
      "sel: expected a date like '2013-11-02T06:00' of the standard calendar, got 'soon'. Check the date.",
      "/c.nc: expected one dimension 'member', got dimensions time, level, lat, lon. Select by the dimension's own name.",
    ]
  `);
});

test("latitudes are turned and longitudes rolled; a second turn brings the first back", async () => {
  const dataset = await openDataset(await write("d.nc", [0]));
  const turned = await orient(dataset, { latitude: "ascending", longitude: "-180..180" });
  expect((await turned.variables.get("lat")?.read())?.data).toEqual(Float32Array.of(-45, 0, 45));
  expect((await turned.variables.get("lon")?.read())?.data).toEqual(
    Float32Array.of(-180, -135, -90, -45, 0, 45, 90, 135),
  );
  const row = await turned.variables.get("t")?.read({ time: 0, level: 0, lat: 2, lon: { start: 1, stop: 8, step: 3 } });
  expect([...(row?.data ?? [])]).toEqual([5, 0, 3]);
  const back = await orient(turned, { latitude: "descending", longitude: "0..360" });
  expect((await back.variables.get("t")?.read())?.data).toEqual((await dataset.variables.get("t")?.read())?.data);
});

test("bounds lie halfway between neighbors, and end at the poles", async () => {
  const dataset = await openDataset(await write("e.nc", [0]));
  expect([...(await readBounds(dataset, "lat"))]).toEqual([67.5, 22.5, 22.5, -22.5, -22.5, -67.5]);
});

test("files are joined in the order of their times, in the first one's units, with what is missing told", async () => {
  const files = [
    await write("series/late.nc", [0, 6], { first: 3, units: "hours since 2000-01-02" }),
    await write("series/early.nc", [0, 6, 12]),
  ];
  const series = await openSeries(`${folder.path}/series`, { maxOpen: 1 });
  expect(series.files).toEqual([
    { uri: files[1], start: 0, count: 3 },
    { uri: files[0], start: 3, count: 2 },
  ]);
  expect(series.gaps).toEqual([{ after: "2000-01-01T12:00:00", before: "2000-01-02T00:00:00", missing: 1 }]);
  expect((await series.variables.get("time")?.read())?.data).toEqual(Float64Array.of(0, 6, 12, 24, 30));
  const corner = { level: 0, lat: 0, lon: 0 };
  const t = await series.variables.get("t")?.read({ ...corner, time: { start: 1, stop: 5 } });
  expect([...(t?.data ?? [])]).toEqual([48, 96, 144, 192]);
  const one = await sel(series, { time: "2000-01-02T06:00", level: 500, latitude: 45, longitude: 0 });
  expect((await one.variables.get("t")?.read())?.data).toEqual(Float32Array.of(192));
  await series.close();
});

test("files that overlap or differ are refused by name", async () => {
  const first = await write("x/first.nc", [0, 6, 12]);
  const refusal = async (other: Promise<string>) =>
    openSeries([first, await other]).then(
      () => "",
      (error: Error) => error.message.replaceAll(folder.path, ""),
    );
  expect([
    await refusal(write("x/overlap.nc", [12, 18])),
    await refusal(write("x/falling.nc", [30, 24])),
    await refusal(write("x/grid.nc", [18], { longitudes: [1, 45, 90, 135, 180, 225, 270, 315] })),
  ]).toMatchInlineSnapshot(`
    [
      "openSeries: /x/overlap.nc: expected times after 2000-01-01T12:00:00, the last of /x/first.nc, got 2000-01-01T12:00:00. Leave one of the files out, or cut it.",
      "openSeries: /x/falling.nc: expected times that rise, got 2000-01-02T00:00:00 after 2000-01-02T06:00:00. Sort the file's times.",
      "openSeries: /x/grid.nc: expected the same values of 'lon', as in /x/first.nc, got others. Open them apart.",
    ]
  `);
  await expect(openSeries(`${folder.path}/none*.nc`)).rejects.toThrow(/expected files, got none at/);
});
