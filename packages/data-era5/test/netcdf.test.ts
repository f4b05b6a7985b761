import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openDataset } from "../src/index.js";
import { expectSameValues, fixturePath, readExpected } from "./expected.js";

const folder = makeTemporaryFolder();

test.each(Object.entries(readExpected("netcdf")))("%s reads as netCDF4 and h5py read it", async (file, expected) => {
  const dataset = await openDataset(fixturePath(file));
  await expectSameValues(dataset, expected);
  await dataset.close();
});

test("the format is judged by content, and what holds no numbers is left out with its reason", async () => {
  const found = await Promise.all(
    ["classic.nc", "offset.nc", "cdf5.nc", "groups.nc", "latest.h5"].map(async (file) => {
      const renamed = folder.write(`${file}.data`, readFileSync(fixturePath(file)));
      const { format, skipped } = await openDataset(renamed);
      return [format, skipped];
    }),
  );
  expect(found).toMatchInlineSnapshot(`
    [
      [
        "NetCDF-3 classic",
        {
          "label": "it holds text",
        },
      ],
      [
        "NetCDF-3 64-bit offset",
        {
          "label": "it holds text",
        },
      ],
      [
        "CDF-5",
        {
          "label": "it holds text",
        },
      ],
      [
        "NetCDF-4",
        {
          "names": "it holds text",
          "sub/pairs": "it holds a compound type",
        },
      ],
      [
        "HDF5",
        {
          "lzf": "its filter lzf is not supported",
        },
      ],
    ]
  `);
});

test("parts of every layout equal the same parts of the whole", async () => {
  for (const [file, name] of [
    ["classic.nc", "packed"],
    ["cdf5.nc", "small"],
    ["groups.nc", "v3"],
    ["groups.nc", "sub/inner"],
    ["latest.h5", "fixed"],
    ["latest.h5", "tree_filtered"],
    ["latest.h5", "contiguous"],
  ] as const) {
    const variable = (await openDataset(fixturePath(file))).variables.get(name);
    const whole = await variable?.read();
    const [rows, columns] = [variable?.dims[0] as string, variable?.dims.at(-1) as string];
    const size = whole?.shape.at(-1) as number;
    const plane = (whole?.data.length as number) / (whole?.shape[0] as number);
    const part = await variable?.read({ [rows]: 2, [columns]: { start: 1, stop: size, step: 2 } });
    const row = whole?.data.subarray(2 * plane, 3 * plane) ?? new Float32Array(0);
    expect(part?.data, name).toEqual(row.filter((_, index) => (index % size) % 2 === 1));
    expect(part?.dims).toEqual(variable?.dims.slice(1));
  }
});

test("a number of records that the writer left open is found from the file's size", async () => {
  for (const file of ["classic.nc", "single-record.nc"]) {
    const bytes = new Uint8Array(readFileSync(fixturePath(file)));
    bytes.fill(0xff, 4, 8);
    const dataset = await openDataset(folder.write(file, bytes));
    expect(dataset.dimensions.time).toBe(file === "classic.nc" ? 4 : 5);
    await expectSameValues(dataset, readExpected("netcdf")[file] ?? {});
  }
});

test("attributes come with their values; those that describe storage do not", async () => {
  const dataset = await openDataset(fixturePath("groups.nc"));
  expect(String(dataset.attributes.history).length).toBe(4200);
  expect(dataset.attributes.attribute11).toBe(16.5);
  expect(dataset.variables.get("v1")?.attributes).toEqual({ units: "K" });
  const packed = (await openDataset(fixturePath("classic.nc"))).variables.get("packed");
  expect(packed?.attributes).toEqual({});
});

test("a variable that has grown less far than its dimension reads as missing beyond", async () => {
  const { dimensions, variables } = await openDataset(fixturePath("groups.nc"));
  expect(dimensions.time).toBe(8);
  const short = await variables.get("v0")?.read({ x: 0 });
  expect([...(short?.data ?? [])]).toEqual([0, 7, 14, 21, NaN, NaN, NaN, NaN]);
});
