import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openDataset, writeNetcdf } from "../src/index.js";

const folder = makeTemporaryFolder();

test.each([
  ["64-bit offset", "NetCDF-3 64-bit offset", Int16Array.of(-5, 0, 7, 9, -32767, 3)],
  ["CDF-5, for its types", "CDF-5", Uint16Array.of(5, 0, 7, 9, 32_769, 3)],
])("what is written as %s is read again", async (_, format, data) => {
  const path = `${folder.path}/${format}.nc`;
  const mark = data[4] as number;
  await writeNetcdf(path, {
    dimensions: { lat: 2, lon: 3 },
    attributes: { Conventions: "CF-1.11", version: 3, weights: [0.5, 1.5] },
    variables: {
      lat: { dims: ["lat"], data: Float64Array.of(10, -10), attributes: { units: "degrees_north" } },
      byte: { dims: ["lon"], data: Int8Array.of(1, 2, 3) },
      packed: { dims: ["lat", "lon"], data, attributes: { scale_factor: 0.5, _FillValue: mark } },
      scalar: { dims: [], data: Int32Array.of(42) },
    },
  });
  const dataset = await openDataset(path);
  expect([dataset.format, dataset.dimensions, dataset.attributes]).toEqual([
    format,
    { lat: 2, lon: 3 },
    { Conventions: "CF-1.11", version: 3, weights: [0.5, 1.5] },
  ]);
  const read = async (name: string) => [...((await dataset.variables.get(name)?.read())?.data ?? [])];
  expect(await read("packed")).toEqual([...data].map((value) => (value === mark ? NaN : value / 2)));
  expect([await read("lat"), await read("byte"), await read("scalar")]).toEqual([[10, -10], [1, 2, 3], [42]]);
  await dataset.close();
});

test("values may come in pieces, and must be as many as the dimensions say", async () => {
  async function* pieces(count: number) {
    for (let time = 0; time < count; time++) yield Float32Array.of(time, time + 0.5);
  }
  const path = `${folder.path}/rollout.nc`;
  const content = (count: number) => ({
    dimensions: { time: 3, x: 2 },
    variables: { t: { dims: ["time", "x"], data: pieces(count) } },
  });
  await writeNetcdf(path, content(3));
  const { data } = (await (await openDataset(path)).variables.get("t")?.read()) ?? {};
  expect([...(data ?? [])]).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
  await expect(writeNetcdf(path, content(2))).rejects.toThrow(
    "writeNetcdf: 't': expected 6 values, got 4. Check its dimensions.",
  );
  await expect(writeNetcdf(path, content(4))).rejects.toThrow(/expected 6 values, got more/);
  await expect(
    writeNetcdf(path, { dimensions: {}, variables: { t: { dims: ["y"], data: Float32Array.of(1) } } }),
  ).rejects.toThrow("writeNetcdf: 't': expected dimensions among , got 'y'. Declare it.");
});
