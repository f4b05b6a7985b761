import { fileURLToPath } from "node:url";
import { openDataset, threadWork } from "@graticule/data";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import {
  landsat7Schema,
  mndwi,
  ndvi,
  normalizedDifference,
  openRaster,
  openSceneTiles,
  type Split,
  sceneTilesSpec,
} from "../src/index.js";
import { writeTiff } from "./write-tiff.js";

const path = fileURLToPath(new URL("../assets/landsat7/L7_ETMs.tif", import.meta.url));
const folder = makeTemporaryFolder();

test("the scene that ships has six bands of uint8, where and as its origin says", async () => {
  const raster = await openRaster(path);
  expect(raster).toMatchObject({ width: 349, height: 352, bands: 6, dtype: "uint8", epsg: 31985 });
  expect(landsat7Schema).toHaveLength(6);
  const pixels = await raster.readWindow({ row: 0, column: 0, height: 352, width: 349 });
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const std = Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length);
  expect(std).toBeCloseTo(27.63, 2);
});

test("tiles hold the pixels of their place", async () => {
  const tiles = await openSceneTiles({
    path,
    tileSize: [32, 48],
    bands: [5, 0],
    schema: [{ name: "swir2" }, { name: "blue" }],
  });
  expect(tiles.length).toBe(11 * 7);
  const { row, column } = tiles.tiles[9] as { row: number; column: number };
  expect([row, column]).toEqual([32, 96]);
  const sample = await tiles.read(9);
  expect([sample.shape, sample.id, tiles.schema]).toEqual([
    [2, 32, 48],
    "L7_ETMs.tif@32,96",
    [{ name: "swir2" }, { name: "blue" }],
  ]);
  const room = new Float32Array(2 * 32 * 48);
  expect(await tiles.direct?.readInto(9, room)).toEqual({ id: sample.id });
  expect(Buffer.compare(new Uint8Array(room.buffer), new Uint8Array(sample.pixels.buffer))).toBe(0);
  const raster = await openRaster(path);
  const pixel = await raster.readWindow({ row: 40, column: 100, height: 1, width: 1, bands: [5, 0] });
  expect([sample.pixels[8 * 48 + 4], sample.pixels[32 * 48 + 8 * 48 + 4]]).toEqual([...pixel]);
});

test("of a planar file a process reads the bands that it wants, and has the pixels of the whole tile", async () => {
  const [width, height, bands] = [128, 128, 5];
  const pixels = Array.from({ length: width * height * bands }, (_, at) => (at * 7) % 251);
  const planar = folder.write(
    "planar.tif",
    writeTiff({ width, height, bands, pixels, planar: true, rowsPerStrip: 64 }),
  );
  const spec = sceneTilesSpec({ path: planar, tileSize: [64, 128] });
  const whole = await (await openDataset(spec)).read(1);
  const strip = 64 * width;
  for (const channels of [[0, 1, 2], [3, 4], [1], [0, 4]]) {
    const part = await openDataset({ ...spec, channels });
    const before = threadWork.bytesRead;
    const own = await part.read(1);
    expect(threadWork.bytesRead - before).toBe(channels.length * strip);
    const values = channels.flatMap((band) => [...whole.pixels.subarray(band * strip, (band + 1) * strip)]);
    expect([[...own.pixels], own.id]).toEqual([values, whole.id]);
  }
});

test.each([
  [32, 32],
  [32, 12],
])("splits of tiles of %i pixels every %i share no pixel", async (size, step) => {
  const owner = new Map<number, Split>();
  let tiles = 0;
  for (const split of ["train", "val", "test"] as const) {
    const part = await openSceneTiles({ path, tileSize: [size, size], stride: [step, step], split, seed: 3 });
    tiles += part.length;
    for (const tile of part.tiles)
      for (let row = tile.row; row < tile.row + size; row++)
        for (let column = tile.column; column < tile.column + size; column++) {
          const pixel = row * 349 + column;
          if ((owner.get(pixel) ?? split) !== split) throw new Error(`pixel ${row}, ${column} is in two splits`);
          owner.set(pixel, split);
        }
    const again = await openSceneTiles({ path, tileSize: [size, size], stride: [step, step], split, seed: 3 });
    expect(again.tiles).toEqual(part.tiles);
  }
  if (step === size) expect(tiles).toBe(110); // Aligned with blocks: every tile is in one split.
});

test("tiles with too little data are left out", async () => {
  const pixels = Array.from({ length: 64 }, (_, index) => (index % 8 < 4 ? 7 : (index % 3) + 1));
  const scene = folder.write(
    "half.tif",
    writeTiff({ width: 8, height: 8, bands: 1, pixels, tags: { 42113: [2, "7\0"] } }),
  );
  const columns = async (minValidFraction: number) =>
    (await openSceneTiles({ path: scene, tileSize: [4, 4], minValidFraction })).tiles.map(({ column }) => column);
  expect(await columns(0)).toEqual([0, 4, 0, 4]);
  expect(await columns(0.5)).toEqual([4, 4]);
});

test("tiles larger than the scene and wrong sizes are errors", async () => {
  const message = (tileSize: [number, number]) =>
    openSceneTiles({ path, tileSize }).catch((error) => error.message.replace(path, "SCENE"));
  expect(await message([400, 10])).toMatchInlineSnapshot(
    `"openSceneTiles: expected tiles of 400 by 10 pixels in 352 by 349 of 'SCENE' for split all, got none. Choose smaller tiles, smaller blockTiles or a lower minValidFraction."`,
  );
  expect(await message([0, 10])).toMatchInlineSnapshot(
    `"openSceneTiles: expected tileSize [rows, columns] above zero, got [0,10]."`,
  );
});

test("normalized differences equal the formula and keep missing data missing", () => {
  expect(normalizedDifference([3, 0, Number.NaN, 1], [1, 0, 1, 3])).toEqual(Float32Array.of(0.5, NaN, NaN, -0.5));
  expect(ndvi([80], [20])[0]).toBeCloseTo(0.6, 6);
  expect(mndwi([30], [10])[0]).toBeCloseTo(0.5, 6);
  expect(() => normalizedDifference([1], [1, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: normalizedDifference: expected two bands of 1 pixels, got 2. Resample one band.]`,
  );
});

test("tiles bring the pixels of a raster of targets, of their place", async () => {
  const sides = { width: 6, height: 4 };
  const write = (name: string, pixels: number[], size = sides) =>
    folder.write(name, writeTiff({ ...size, bands: 1, pixels, tags: { 42113: [2, "9\0"] } }));
  const scene = write("scene.tif", Array<number>(24).fill(1));
  const classes = Array.from({ length: 24 }, (_, index) => (index === 3 ? 9 : index % 7));
  const tiles = await openSceneTiles({ path: scene, tileSize: [2, 3], target: write("classes.tif", classes) });
  const { arrays } = await tiles.read(1);
  expect(tiles.tiles[1]).toMatchObject({ row: 0, column: 3 });
  const data = Float32Array.of(Number.NaN, 4, 5, 2, 3, 4); // the first has no data
  expect(arrays).toEqual({ target: { data, shape: [1, 2, 3], onPixels: true } });
  const small = write("small.tif", [1, 2, 3, 4], { width: 2, height: 2 });
  const opened = openSceneTiles({ path: scene, tileSize: [2, 3], target: small });
  await expect(opened).rejects.toThrow(/expected 4 by 6 pixels as its image, got 2 by 2/);
});
