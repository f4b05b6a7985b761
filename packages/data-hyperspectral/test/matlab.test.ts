import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openCube } from "../src/index.js";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const folder = makeTemporaryFolder();
const window = { row: 1, column: 2, height: 2, width: 3 };
const value = (row: number, column: number, band: number): number => 100 * row + 10 * column + band;
const expected = (bands: readonly number[]): Float32Array =>
  Float32Array.from(
    bands.flatMap((band) => [1, 2].flatMap((row) => [2, 3, 4].map((column) => value(row, column, band)))),
  );

test.each([
  ["cube-v6.mat", { variable: "cube" }],
  ["cube-v7.mat", { variable: "cube" }],
  ["cube-v73.mat", { variable: "cube" }],
  ["cube-v73.mat", { variable: "counts" }],
  ["cube-v73.mat", { variable: "plain" }],
  ["cube-v7.mat", { variable: "spectra", shape: [4, 5] }],
  ["cube-v6.mat", { variable: "transposed", shape: [4, 5] }],
  ["cube-v73.mat", { shape: [4, 5] }],
] as const)("%s %j holds the cube that scipy or h5py wrote", async (name, options) => {
  for (const cacheBytes of [0, 2 ** 20]) {
    const cube = await openCube(fixture(name), { ...options, cacheBytes });
    expect(cube).toMatchObject({
      format: "MATLAB",
      height: 4,
      width: 5,
      bands: 6,
      wavelengthsNm: [450, 550, 650, 750, 850, 950],
      badBands: [2],
    });
    expect(await cube.readWindow(window)).toEqual(expected([0, 1, 2, 3, 4, 5]));
    expect(await cube.readWindow({ ...window, bands: [4, 5, 1] })).toEqual(expected([4, 5, 1]));
  }
});

test("pixels of a matrix in row order are placed by rows", async () => {
  const cube = await openCube(fixture("cube-v7.mat"), { variable: "spectra", shape: [5, 4], pixelOrder: "row" });
  const [pixel] = await cube.readWindow({ row: 1, column: 2, height: 1, width: 1, bands: [3] });
  expect(pixel).toBe(value(6 % 4, Math.floor(6 / 4), 3)); // pixel 6 of the column-major matrix
});

test.each([
  ["cube-v73.mat", {}],
  ["cube-v73.mat", { variable: "letters" }],
  ["cube-v7.mat", { variable: "text" }],
  ["cube-v7.mat", { variable: "complex" }],
  ["cube-v7.mat", { shape: [4, 5] }],
  ["cube-v7.mat", { variable: "spectra", shape: [3, 5] }],
  ["cube-v7.mat", { variable: "cube", maxValues: 100 }],
  ["cube-v73.mat", { variable: "cube", maxValues: 100 }],
] as const)("%s %j is a clear error", async (name, options) => {
  const error = await openCube(fixture(name), options)
    .then((cube) => cube.readWindow({ row: 0, column: 0, height: 4, width: 5 }))
    .catch((caught: Error) => `${caught.name}: ${caught.message}`);
  expect(String(error).replaceAll(fixture(""), "")).toMatchSnapshot();
});

test("a file that is overwritten in place, after a read of it failed, gives its new values", async () => {
  const whole = { row: 0, column: 0, height: 4, width: 5 };
  const bytes = readFileSync(fixture("cube-v73.mat"));
  const broken = Uint8Array.from(bytes);
  const zlibStart = bytes.indexOf(Buffer.from([0x78, 0x5e]));
  broken.fill(0, zlibStart, zlibStart + 20);
  const path = folder.write("same-name.mat", broken);
  const old = await openCube(path, { variable: "cube" });
  await expect(old.readWindow(whole)).rejects.toThrow(
    /chunk \[\d, 0, 0\] of 'cube': expected readable compressed values/,
  );
  folder.write("same-name.mat", bytes);
  const cube = await openCube(path, { variable: "cube" });
  expect((await cube.readWindow(whole))[0]).toBe(value(0, 0, 0));
  await Promise.all([old.close(), cube.close()]);
});
