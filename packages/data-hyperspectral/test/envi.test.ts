import { FormatError } from "@graticule/core";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openCube } from "../src/index.js";
import { type TestCube, writeEnvi } from "./write-envi.js";

const folder = makeTemporaryFolder();
const [HEIGHT, WIDTH, BANDS] = [5, 7, 4];
const value = (row: number, column: number, band: number): number => row * 50 + column * 5 + band;
const base: TestCube = { height: HEIGHT, width: WIDTH, bands: BANDS, dataType: 12, interleave: "bsq", value };

function write(name: string, cube: TestCube): string {
  const { header, data } = writeEnvi(cube);
  folder.write(`${name}.hdr`, header);
  return folder.write(`${name}.dat`, data);
}

const window = { row: 1, column: 2, height: 3, width: 4 };
const expected = (bands: readonly number[]): Float32Array =>
  Float32Array.from(
    bands.flatMap((band) => [1, 2, 3].flatMap((row) => [2, 3, 4, 5].map((column) => value(row, column, band)))),
  );

const types = [1, 2, 3, 4, 5, 12, 13, 14, 15];
const layouts = types.flatMap((dataType) =>
  (["bsq", "bil", "bip"] as const).flatMap((interleave) =>
    [false, true].map((bigEndian) => ({ dataType, interleave, bigEndian })),
  ),
);

test.each(layouts)("type $dataType, $interleave, big-endian $bigEndian is read by windows", async (layout) => {
  const path = write("layout", { ...base, ...layout, offset: 13 });
  for (const cacheBytes of [0, 2 ** 20]) {
    const cube = await openCube(path, { cacheBytes });
    expect(await cube.readWindow(window)).toEqual(expected([0, 1, 2, 3]));
    expect(await cube.readWindow({ ...window, bands: [3, 0, 3] })).toEqual(expected([3, 0, 3]));
  }
});

test("64-bit integers beyond 32 bits and below zero keep their value", async () => {
  const wide = { ...base, dataType: 14, value: (row: number) => (row === 0 ? -3 : 2 ** 40) };
  const pixels = await (await openCube(write("wide", wide))).readWindow({
    row: 0,
    column: 0,
    height: 2,
    width: 1,
    bands: [0],
  });
  expect([...pixels]).toEqual([-3, 2 ** 40]);
});

test("header fields become wavelengths in nm, bad bands, units, names and a place", async () => {
  const fields = `wavelength units = Micrometers
wavelength = {
 0.45, 0.55,
 0.65, 2.1 }
fwhm = {0.01,0.01,0.01,0.02}
bbl = {1,0,1,1}
band names = {blue, green, red, swir}
reflectance scale factor = 100
data ignore value = 0
map info = {UTM, 1, 1, 500000, 4000000, 30, 20, 33, North, WGS-84, units=Meters}
`;
  const cube = await openCube(write("fields", { ...base, fields }));
  expect(cube).toMatchObject({
    format: "ENVI",
    dtype: "uint16",
    bandNames: ["blue", "green", "red", "swir"],
    wavelengthsNm: [450, 550, 650, 2100],
    fwhmNm: [10, 10, 10, 20],
    badBands: [1],
    unit: "reflectance",
    nodata: 0,
    georeference: { epsg: 32633, transform: [500000, 30, 0, 4000000, 0, -20] },
  });
  const corner = { row: 0, column: 0, height: 1, width: 2, bands: ["blue"] };
  expect(await cube.readWindow(corner)).toEqual(Float32Array.of(NaN, 0.05));
  const stored = await openCube(write("fields", { ...base, fields }), { values: "stored" });
  expect(await stored.readWindow(corner)).toEqual(Float32Array.of(NaN, 5));
});

test("gains and offsets apply to each band, before the reflectance scale", async () => {
  const fields = "data gain values = {1,2,3,4}\ndata offset values = {0,0,0,8}\nreflectance scale factor = 2\n";
  const cube = await openCube(write("gains", { ...base, fields }));
  const pixels = await cube.readWindow({ row: 0, column: 1, height: 1, width: 1 });
  expect([...pixels]).toEqual([5 / 2, (6 * 2) / 2, (7 * 3) / 2, (8 * 4 + 8) / 2]);
});

test.each([
  ["Unknown", "{400, 500, 600, 700}", [400, 500, 600, 700]],
  ["Unknown", "{0.4, 0.5, 0.6, 0.7}", [400, 500, 600, 700]],
  ["nm", "{400, 500, 600, 700}", [400, 500, 600, 700]],
  ["Index", "{1, 2, 3, 4}", undefined],
])("wavelengths in %s %s", async (unit, list, nanometers) => {
  const cube = await openCube(
    write("units", { ...base, fields: `wavelength units = ${unit}\nwavelength = ${list}\n` }),
  );
  expect(cube.wavelengthsNm).toEqual(nanometers);
});

test("a cube opens by header or data, under each way of naming the header", async () => {
  const { header, data } = writeEnvi(base);
  const names = [
    ["a/x.hdr", "a/x"],
    ["b/x.dat.hdr", "b/x.dat"],
    ["c/x.hdr", "c/x.IMG"],
    ["d/x.HDR", "d/x.bil"],
  ] as const;
  for (const [headerName, dataName] of names) {
    const paths = [folder.write(headerName, header), folder.write(dataName, data)];
    for (const path of paths) expect((await openCube(path)).path).toBe(paths[1]);
  }
});

const wrong: [string, string, string][] = [
  ["no ENVI line", "ENVI\n", "ENV\n"],
  ["no samples", "samples = 7\n", ""],
  ["negative lines", "lines = 5", "lines = -5"],
  ["bands that are no number", "bands = 4", "bands = four"],
  ["more lines than the file holds", "lines = 5", "lines = 5000000"],
  ["complex numbers", "data type = 12", "data type = 6"],
  ["an unknown data type", "data type = 12", "data type = 99"],
  ["an unknown interleave", "interleave = bsq", "interleave = xyz"],
  ["a byte order of 2", "byte order = 0", "byte order = 2"],
  ["a broken offset", "header offset = 0", "header offset = 1.5"],
  ["an open brace", "byte order = 0", "wavelength = {1, 2,"],
  ["too few wavelengths", "byte order = 0", "wavelength = {1, 2}"],
  ["a wavelength that is no number", "byte order = 0", "wavelength = {1, 2, x, 4}"],
  ["compression", "byte order = 0", "file compression = 1"],
  ["a reflectance scale of zero", "byte order = 0", "reflectance scale factor = 0"],
];

test.each(wrong)("a header with %s is a clear error", async (_, from, to) => {
  const { header, data } = writeEnvi(base);
  folder.write("wrong.hdr", header.replace(from, to));
  const path = folder.write("wrong.dat", data);
  const error = await openCube(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FormatError);
  expect((error as FormatError).message.replaceAll(folder.path, "")).toMatchSnapshot();
});

test("missing files, windows outside, unknown bands and too many values are errors", async () => {
  const message = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => "none",
      (error: Error) => `${error.name}: ${error.message.replaceAll(folder.path, "")}`,
    );
  const path = write("errors", base);
  const cube = await openCube(path, { maxValues: 100 });
  const all = { row: 0, column: 0, height: HEIGHT, width: WIDTH };
  expect([
    await message(openCube(`${folder.path}/none.dat`)),
    await message(openCube(folder.write("lonely.dat", new Uint8Array(4)))),
    await message(openCube(folder.write("empty.dat", ""))),
    await message(cube.readWindow({ ...all, row: 1 })),
    await message(cube.readWindow({ ...all, bands: ["ultraviolet"] })),
    await message(cube.readWindow(all)),
  ]).toMatchSnapshot();
  folder.write("errors.dat", new Uint8Array(4));
  expect(await message(cube.readWindow({ ...all, height: 1 }))).toMatch(/errors\.dat: expected values of/);
});
