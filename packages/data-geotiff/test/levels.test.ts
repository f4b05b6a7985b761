import { makeMemorySource } from "@graticule/data";
import sharp from "sharp";
import { expect, test } from "vitest";
import { serveRange, startRangeServer } from "../../data/test/range-server.js";
import { levelFor, openRaster, openRasterFrom } from "../src/index.js";
import { joinTiffs, type TestTiff, writeTiff } from "./write-tiff.js";

const server = startRangeServer();
const open = (bytes: Uint8Array, options = {}) => openRasterFrom(makeMemorySource("image.tif", bytes), options);
const plain = { width: 4, height: 2, bands: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8] };
const whole = { row: 0, column: 0, width: 4, height: 2 };
const SHORT = 3;

test("overviews are levels with transforms of their own; the level for a factor has enough pixels", async () => {
  const place = { 33550: [12, [10, 10, 0]], 33922: [12, [0, 0, 0, 500, 900, 0]] } as const;
  const small = { width: 2, height: 1, bands: 1, pixels: [3, 6], tags: { 254: [SHORT, [1]] } } as const;
  const smaller = { ...small, width: 1, pixels: [4] };
  const raster = await open(joinTiffs([{ ...plain, tags: place }, smaller, small].map(writeTiff)));
  expect(raster.overviews.map(({ width, height, transform }) => ({ width, height, transform }))).toEqual([
    { width: 2, height: 1, transform: [500, 20, 0, 900, 0, -20] },
    { width: 1, height: 1, transform: [500, 40, 0, 900, 0, -20] },
  ]);
  const read = await raster.overviews[0]?.readWindow({ row: 0, column: 0, width: 2, height: 1 });
  expect([...(read as Float32Array)]).toEqual([3, 6]);
  expect([1, 1.9, 2, 3].map((factor) => levelFor(raster, factor).width)).toEqual([4, 4, 1, 1]);
  await expect(raster.overviews[0]?.readWindow(whole)).rejects.toThrow(/a window inside 2 by 1 pixels/);
});

test("a file of many images gives each by its number", async () => {
  const pages = joinTiffs([plain, { ...plain, pixels: plain.pixels.map((value) => value * 10) }].map(writeTiff));
  const second = await open(pages, { image: 1 });
  expect(second.images).toBe(2);
  expect([...(await second.readWindow(whole))]).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  await expect(open(pages, { image: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RangeError: openRaster: expected an image from 0 to 1 of image.tif, got 2.]`,
  );
});

test("a mask, or alpha, makes pixels NaN where it is asked to", async () => {
  const mask = { ...plain, pixels: [1, 1, 0, 1, 1, 0, 1, 1], tags: { 254: [SHORT, [4]] } } as const;
  const file = joinTiffs([plain, mask].map(writeTiff));
  expect([...(await (await open(file)).readWindow(whole))]).toEqual(plain.pixels);
  expect([...(await (await open(file, { applyMask: true })).readWindow(whole))]).toEqual([1, 2, NaN, 4, 5, NaN, 7, 8]);
  const alpha = writeTiff({
    width: 2,
    height: 1,
    bands: 3,
    pixels: [1, 2, 255, 3, 4, 0],
    tags: { 338: [SHORT, [2]] },
  });
  const raster = await open(alpha, { applyMask: true });
  const read = (bands: number[]) => raster.readWindow({ row: 0, column: 0, width: 2, height: 1, bands });
  expect([...(await read([1]))]).toEqual([2, NaN]);
  expect([...(await read([0, 2]))]).toEqual([1, NaN, 255, NaN]);
});

test("scales, offsets and units come with the bands, and are applied where asked", async () => {
  const item = (role: string, sample: number, value: string) =>
    `<Item name="${role.toUpperCase()}" sample="${sample}" role="${role}">${value}</Item>`;
  const metadata = (scale: string) =>
    `<GDALMetadata>${item("scale", 1, scale)}${item("offset", 1, "-10")}${item("unittype", 1, "K")}</GDALMetadata>\0`;
  const two = { width: 2, height: 1, bands: 2, pixels: [1, 100, 2, 255] };
  const tiff = (scale: string) => writeTiff({ ...two, tags: { 42112: [2, metadata(scale)], 42113: [2, "255\0"] } });
  const raster = await open(tiff("0.5"), { applyScale: true });
  expect([raster.scales, raster.offsets, raster.units]).toEqual([
    [1, 0.5],
    [0, -10],
    [undefined, "K"],
  ]);
  const window = { row: 0, column: 0, width: 2, height: 1 };
  expect([...(await raster.readWindow(window))]).toEqual([1, 2, 40, NaN]);
  expect([...(await (await open(tiff("0.5"))).readWindow(window))]).toEqual([1, 2, 100, NaN]);
  await expect(open(tiff("half"))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: image.tif: expected a number as a band's scale, got "half". The file is corrupt.]`,
  );
});

test("directories in a circle, and a broken overview, are named", async () => {
  const images: TestTiff[] = [plain, { ...plain, tags: { 254: [SHORT, [1]], 256: [SHORT, [2]], 279: [4, [9999]] } }];
  const bytes = joinTiffs(images.map(writeTiff));
  const raster = await open(bytes);
  await expect(raster.overviews[0]?.readWindow({ row: 0, column: 0, width: 1, height: 1 })).rejects.toThrow(
    /image.tif: expected block 0 of 9999 bytes/,
  );
  const circle = writeTiff(plain);
  const view = new DataView(circle.buffer);
  const first = view.getUint32(4, true);
  view.setUint32(first + 2 + view.getUint16(first, true) * 12, first, true);
  await expect(open(circle)).rejects.toThrow(/expected at most 65536 images, each once, got the one at \d+ again/);
});

test("a window of a tiled file over HTTP costs one request for the head and one for neighboring tiles", async () => {
  const pixels = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => (index * 31 + (index >> 10) * 17) & 255);
  const image = sharp(pixels, { raw: { width: 1024, height: 1024, channels: 1 } });
  const bytes = await image.tiff({ compression: "none", tile: true, tileWidth: 128, tileHeight: 128 }).toBuffer();
  server.objects.set("/tiled.tif", new Uint8Array(bytes));
  const raster = await openRaster(`${server.url}/tiled.tif`);
  const opened = server.requests.length;
  expect(opened).toBeLessThanOrEqual(2); // libtiff puts the directory at the end: one more than a COG.
  const window = { row: 130, column: 300, height: 200, width: 300 };
  const read = await raster.readWindow(window);
  expect(read[0]).toBe(pixels[130 * 1024 + 300]);
  expect(read.at(-1)).toBe(pixels[329 * 1024 + 599]);
  // Two rows of three tiles of 16 kB, 80 kB between the rows.
  expect(server.requests.length - opened).toBe(2);
  await raster.readWindow(window);
  expect(server.requests.length - opened).toBe(2); // Decoded blocks are kept.
  expect(new Set(server.requests.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
});

test("a server that fails for a while costs a read nothing but time", async () => {
  const tiff = writeTiff({ width: 300, height: 300, bands: 1, pixels: new Array(90_000).fill(7), rowsPerStrip: 10 });
  let failures = 0;
  server.handler = (request, response) => {
    failures += 1;
    if (failures % 2 === 1) response.writeHead(503, { "content-length": 0 }).end();
    else serveRange(tiff, request, response);
  };
  const clock = {
    now: () => 0,
    random: () => 0,
    after(ms: number, then: () => void) {
      if (ms < 30_000) queueMicrotask(then);
      return () => {};
    },
  };
  const raster = await openRaster(`${server.url}/x.tif`, { http: { clock, headBytes: 512 } });
  expect((await raster.readWindow({ row: 200, column: 0, width: 300, height: 1 }))[299]).toBe(7);
  server.handler = undefined;
});
