import { deflateSync } from "node:zlib";
import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openRaster } from "../src/index.js";
import { type TestTiff, writeTiff } from "./write-tiff.js";

const folder = makeTemporaryFolder();
let files = 0;

const open = (tiff: TestTiff) => openRaster(folder.write(`${files++}.tif`, writeTiff(tiff)));
const pixels = Array.from({ length: 5 * 4 * 3 }, (_, index) => index * 4); // [5, 4, 3]
const image = { width: 4, height: 5, bands: 3, pixels };

/** `[H, W, C]` to `[C, H, W]` of a window of the image above. */
function expected(row: number, column: number, height: number, width: number, bands: number[]): number[] {
  return bands.flatMap((band) =>
    Array.from({ length: height * width }, (_, index) => {
      const at = (row + Math.floor(index / width)) * 4 + column + (index % width);
      return pixels[at * 3 + band] as number;
    }),
  );
}

const variants: [string, Partial<TestTiff>][] = [
  ["uint8, one strip", {}],
  ["uint8 in strips of 2 rows, the last shorter", { rowsPerStrip: 2 }],
  ["uint16 big-endian", { bits: 16, littleEndian: false, rowsPerStrip: 2 }],
  ["float32 big-endian, planar", { bits: 32, format: 3, littleEndian: false, planar: true, rowsPerStrip: 3 }],
  ["float64, deflate", { bits: 64, format: 3, compression: 8, compress: (block) => deflateSync(block) }],
  ["uint32 BigTIFF, planar", { bits: 32, big: true, planar: true, rowsPerStrip: 1 }],
  ["int16 BigTIFF, big-endian", { bits: 16, format: 2, big: true, littleEndian: false }],
];

test.each(variants)("reads windows and bands of %s", async (_, variant) => {
  const raster = await open({ ...image, ...variant });
  const whole = await raster.readWindow({ row: 0, column: 0, height: 5, width: 4 });
  expect([...whole]).toEqual(expected(0, 0, 5, 4, [0, 1, 2]));
  const part = await raster.readWindow({ row: 1, column: 2, height: 3, width: 2, bands: [2, "band1"] });
  expect([...part]).toEqual(expected(1, 2, 3, 2, [2, 0]));
});

test("a window is read into memory that is given, with alpha too; memory of another size is refused", async () => {
  const window = { row: 1, column: 2, height: 3, width: 2, bands: [2, 0] };
  const batch = new Float32Array(30).fill(-1);
  const into = batch.subarray(6, 18);
  expect(await (await open(image)).readWindow(window, into)).toBe(into);
  expect([...batch]).toEqual([...Array(6).fill(-1), ...expected(1, 2, 3, 2, [2, 0]), ...Array(12).fill(-1)]);
  const clear: TestTiff = {
    ...image,
    pixels: pixels.map((value, at) => (at === 2 ? 0 : value + 1)),
    tags: { 338: [3, [2]] },
  };
  const path = folder.write("alpha.tif", writeTiff(clear));
  const masked = await openRaster(path, { applyMask: true });
  const pair = new Float32Array(2);
  expect(await masked.readWindow({ row: 0, column: 0, height: 1, width: 2, bands: [1] }, pair)).toBe(pair);
  expect([...pair]).toEqual([NaN, 17]);
  await expect(masked.readWindow(window, new Float32Array(11))).rejects.toThrow(
    /^readWindow: expected memory for 12 values of .*alpha\.tif, got 11\.$/,
  );
});

test("windows that are read at once don't mix up their blocks", async () => {
  const [height, width] = [200, 130];
  const values = Array.from({ length: height * width }, (_, at) => (at * 7919) % 65_521);
  const raster = await open({
    ...{ width, height, bands: 1, pixels: values, bits: 16, rowsPerStrip: 7 },
    ...{ compression: 8, compress: (block) => deflateSync(block) },
  });
  const random = makeRandom(3, "windows");
  for (let round = 0; round < 3; round++) {
    const windows = Array.from({ length: 40 }, () => {
      const [row, column] = [random.integer(height - 20), random.integer(width - 9)];
      return { row, column, height: 1 + random.integer(20), width: 9 };
    });
    const found = await Promise.all(windows.map((window) => raster.readWindow(window)));
    for (const [index, { row, column, ...size }] of windows.entries())
      expect([...(found[index] as Float32Array)]).toEqual(
        Array.from(
          { length: size.height * 9 },
          (_, at) => values[(row + Math.floor(at / 9)) * width + column + (at % 9)],
        ),
      );
  }
});

test("nodata is NaN, in integers and in floats whose text has more digits", async () => {
  const integers = await open({ ...image, tags: { 42113: [2, "8\0"] } });
  const read = await integers.readWindow({ row: 0, column: 0, height: 1, width: 2 });
  expect([...read]).toEqual([0, 12, 4, 16, NaN, 20]);
  const lowest = -3.3999999521443642e38;
  const floats = await open({
    width: 2,
    height: 1,
    bands: 1,
    bits: 32,
    format: 3,
    pixels: [lowest, 5],
    tags: { 42113: [2, `${lowest}\0`] },
  });
  expect(floats.nodata).toBe(lowest);
  expect([...(await floats.readWindow({ row: 0, column: 0, height: 1, width: 2 }))]).toEqual([NaN, 5]);
});

test("horizontal differences are undone in the file's byte order", async () => {
  const differences = [1000, 1, 1, 65535]; // 1000, 1001, 1002, 1001
  for (const littleEndian of [true, false]) {
    const tiff = { width: 4, height: 1, bands: 1, bits: 16, littleEndian, pixels: differences };
    const raster = await open({
      ...tiff,
      compression: 8,
      compress: (block) => deflateSync(block),
      tags: { 317: [3, [2]] },
    });
    expect([...(await raster.readWindow({ row: 0, column: 0, height: 1, width: 4 }))]).toEqual([
      1000, 1001, 1002, 1001,
    ]);
  }
});

test("PackBits runs and literals are undone", async () => {
  // 3 literal bytes, then 5 times 7; −128 is no operation. Worked by hand from TIFF 6.0 section 9.
  const compress = () => Uint8Array.of(2, 1, 2, 3, 0x80, 0xfc, 7);
  const raster = await open({
    width: 8,
    height: 1,
    bands: 1,
    pixels: new Array(8).fill(0),
    compression: 32773,
    compress,
  });
  expect([...(await raster.readWindow({ row: 0, column: 0, height: 1, width: 8 }))]).toEqual([1, 2, 3, 7, 7, 7, 7, 7]);
});

test("LZW codes are undone, with the code that is not yet in the table", async () => {
  // 9-bit codes: clear, 7, 258 (= 7 7, not yet in the table), 8, end. Worked by hand from TIFF 6.0 section 13.
  const bits = [256, 7, 258, 8, 257]
    .map((code) => code.toString(2).padStart(9, "0"))
    .join("")
    .padEnd(48, "0");
  const bytes = Uint8Array.from(bits.match(/.{8}/g) as string[], (byte) => Number.parseInt(byte, 2));
  const raster = await open({
    width: 4,
    height: 1,
    bands: 1,
    pixels: [0, 0, 0, 0],
    compression: 5,
    compress: () => bytes,
  });
  expect([...(await raster.readWindow({ row: 0, column: 0, height: 1, width: 4 }))]).toEqual([7, 7, 7, 8]);
});

test("a Zstandard frame of a raw block is read; one that declares too much is refused", async () => {
  // Magic, single segment with 1-byte content size 4, last raw block of 4 bytes (RFC 8878).
  const frame = (size: number) => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, size, (4 << 3) | 1, 0, 0, 9, 8, 7, 6);
  const tiff = { width: 4, height: 1, bands: 1, pixels: [0, 0, 0, 0], compression: 50000 };
  const raster = await open({ ...tiff, compress: () => frame(4) });
  expect([...(await raster.readWindow({ row: 0, column: 0, height: 1, width: 4 }))]).toEqual([9, 8, 7, 6]);
  const liar = await open({ ...tiff, compress: () => frame(200) });
  await expect(liar.readWindow({ row: 0, column: 0, height: 1, width: 4 })).rejects.toThrow(
    /a Zstandard block of at most 4 bytes, got more, or other bytes/,
  );
});

test("a frame that the zstd program compressed is read", async () => {
  // `zstd -19 --no-check` of 64 rows of 64 bytes, (3 · row + ⌊column / 4⌋) mod 251.
  const base64 =
    "KLUv/WAAD8UKADQNAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERU" +
    "ZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeY" +
    "mZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLy8vLzMzMzIEKqAH9Ib8cMg7///98KBFJ4CmggCQBz8" +
    "ASgQA8A5ZIEuAIWCKSwFNAAUkCnoElAgF4BiyRJMARsEQkgaeAApIEPANLBALwDFgiSYAjYIlIAk8BBSQJeAaWCATgGbBEkgBHwBKRBJ4CCkgS" +
    "8AwsEQjAM2CJJAGOgCUiCSLPFUnGfJcB";
  const compress = () => Uint8Array.from(Buffer.from(base64, "base64"));
  const tiff = { width: 64, height: 64, bands: 1, pixels: new Array(4096).fill(0), compression: 50000, compress };
  const read = await (await open(tiff)).readWindow({ row: 0, column: 0, height: 64, width: 64 });
  expect(read).toEqual(Float32Array.from(read, (_, at) => (3 * Math.floor(at / 64) + Math.floor((at % 64) / 4)) % 251));
});

test("bands are named by GDAL's descriptions, or by a list in the image description", async () => {
  const items = ["nir &amp; red edge", "swir"].map(
    (name, band) => `<Item name="DESCRIPTION" sample="${band}" role="description">${name}</Item>`,
  );
  const two = { width: 1, height: 1, bands: 2, pixels: [1, 2] };
  const described = await open({ ...two, tags: { 42112: [2, `<GDALMetadata>${items.join("")}</GDALMetadata>\0`] } });
  expect(described.bandNames).toEqual(["nir & red edge", "swir"]);
  expect((await open({ ...two, tags: { 270: [2, "B04, B08\0"] } })).bandNames).toEqual(["B04", "B08"]);
  expect((await open({ ...two, tags: { 270: [2, "Made by hand\0"] } })).bandNames).toEqual(["band1", "band2"]);
  expect((await open({ ...image, tags: { 262: [3, [2]] } })).bandNames).toEqual(["red", "green", "blue"]);
});

test("the place on the Earth comes with the raster; pixels that are points move by half", async () => {
  const keys = (type: number) => [1, 1, 0, 2, 1025, 0, 1, type, 3072, 0, 1, 32618];
  const georeferenced = (type: number): TestTiff => ({
    ...image,
    tags: { 33550: [12, [30, 20, 0]], 33922: [12, [0, 0, 0, 500, 900, 0]], 34735: [3, keys(type)] },
  });
  expect(await open(georeferenced(1))).toMatchObject({ epsg: 32618, transform: [500, 30, 0, 900, 0, -20] });
  expect(await open(georeferenced(2))).toMatchObject({ epsg: 32618, transform: [485, 30, 0, 910, 0, -20] });
});

test("windows and bands outside the raster are refused", async () => {
  const raster = await open(image);
  const message = await raster.readWindow({ row: 3, column: 0, height: 3, width: 1 }).catch((error) => error.message);
  expect(message.replace(raster.path, "FILE")).toMatchInlineSnapshot(
    `"readWindow: expected a window inside 4 by 5 pixels, got 1 by 3 at column 0, row 3 of FILE."`,
  );
  const band = await raster
    .readWindow({ row: 0, column: 0, height: 1, width: 1, bands: ["nir"] })
    .catch((error) => error.message);
  expect(band.replace(raster.path, "FILE")).toMatchInlineSnapshot(
    `"FILE: expected a band among band1, band2, band3 or an index from 0 to 2, got "nir"."`,
  );
});
