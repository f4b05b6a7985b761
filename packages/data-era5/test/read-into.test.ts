import { join } from "node:path";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type GriddedDataset, openDataset, openSeries, orient, sel, writeNetcdf } from "../src/index.js";
import { fixturePath } from "./expected.js";
import { unzipTo } from "./unzip-to.js";
import { shardedStore } from "./write-zarr.js";

const folder = makeTemporaryFolder();

/** Reads every variable twice into memory that holds other numbers: the values must be those of a plain read. */
async function expectSameInto(dataset: GriddedDataset): Promise<string[]> {
  const inPlace: string[] = [];
  for (const [name, variable] of dataset.variables) {
    const plain = await variable.read();
    const into = new Float32Array(plain.data.length + 2).fill(777).subarray(1, -1);
    for (let time = 0; time < 2; time++) {
      const { data } = await variable.read({}, into);
      expect([name, ...data]).toEqual([name, ...plain.data]);
      if (data === into && time === 0) inPlace.push(name);
    }
  }
  await dataset.close();
  return inPlace;
}

test.each(["classic.nc", "offset.nc", "cdf5.nc", "filters.nc", "groups.nc"])(
  "%s reads into memory what it reads into new memory",
  async (name) => {
    const inPlace = await expectSameInto(await openDataset(fixturePath(name)));
    const dataset = await openDataset(fixturePath(name));
    const floats = [...dataset.variables].filter(([, { shape }]) => !shape.includes(0));
    const isFloat = await Promise.all(floats.map(async ([, each]) => (await each.read()).data instanceof Float32Array));
    expect(inPlace).toEqual(floats.flatMap(([variable], place) => (isFloat[place] ? [variable] : [])));
  },
);

test("Zarr arrays in every codec, in a zip, a folder and shards, read into memory what they read into new memory", async () => {
  expect(await expectSameInto(await openDataset(fixturePath("codecs.zarr.zip")))).toContain("blosc_lz4");
  await unzipTo(fixturePath("codecs.zarr.zip"), join(folder.path, "codecs.zarr"));
  expect(await expectSameInto(await openDataset(join(folder.path, "codecs.zarr")))).toContain("blosc_lz4");
  for (const [key, bytes] of shardedStore("end")) folder.write(`v3/${key}`, bytes);
  expect(await expectSameInto(await openDataset(join(folder.path, "v3")))).toContain("group/sharded");
});

test("views and series fill the memory where one read can, and memory of another size is refused", async () => {
  const paths = [0, 48].map((first) => folder.write(`part-${first}.nc`, ""));
  for (const [part, path] of paths.entries())
    await writeNetcdf(path, {
      dimensions: { time: 2, lat: 3, lon: 8 },
      variables: {
        time: {
          dims: ["time"],
          data: Int32Array.of(12 * part, 12 * part + 6),
          attributes: { units: "hours since 2000-01-01" },
        },
        lat: { dims: ["lat"], data: Float32Array.of(45, 0, -45), attributes: { units: "degrees_north" } },
        lon: {
          dims: ["lon"],
          data: Float32Array.from({ length: 8 }, (_, column) => 45 * column),
          attributes: { units: "degrees_east" },
        },
        t: { dims: ["time", "lat", "lon"], data: Float32Array.from({ length: 48 }, (_, at) => 48 * part + at) },
      },
    });
  const open = () => openDataset(paths[0] as string);
  expect(await expectSameInto(await sel(await open(), { lon: { from: 45, to: 90 } }))).toContain("t");
  // Rows in reverse order, and longitudes around the zero meridian, take more than one read or a copy.
  expect(await expectSameInto(await orient(await open(), { latitude: "ascending" }))).toContain("t");
  expect(await expectSameInto(await orient(await open(), { longitude: "-180..180" }))).toContain("t");
  expect(await expectSameInto(await openSeries(paths))).not.toContain("t");

  const series = await openSeries(paths);
  const into = new Float32Array(24);
  expect((await series.variables.get("t")?.read({ time: 3 }, into))?.data).toBe(into);
  expect(into[0]).toBe(72);
  await series.close();
  for (const dataset of [await open(), await orient(await open(), { latitude: "ascending" })])
    await expect(dataset.variables.get("t")?.read({ time: 0 }, new Float32Array(23))).rejects.toMatchObject({
      name: "RangeError",
      message: "t: expected memory for 24 values, got 23. Size it by the selection.",
    });
});
