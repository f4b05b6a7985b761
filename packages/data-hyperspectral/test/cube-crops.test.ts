import { makeLoader, openDataset, threadWork } from "@graticule/data";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type CubeCropsOptions, cubeCropsSpec, openCubeCrops } from "../src/index.js";
import { writeEnvi } from "./write-envi.js";

const folder = makeTemporaryFolder();
const [HEIGHT, WIDTH] = [24, 36];

/** Three bands that say where a pixel is: row, column, and which cube. */
function writeCube(name: string, cube: number): { path: string; labels: string } {
  const size = { height: HEIGHT, width: WIDTH, interleave: "bil" as const };
  const fields = "wavelength = {500, 600, 1400}\nwavelength units = nm\n";
  const value = (row: number, column: number, band: number): number => [row, column, cube][band] as number;
  const data = writeEnvi({ ...size, bands: 3, dataType: 2, fields, value });
  const labels = writeEnvi({
    ...size,
    bands: 1,
    dataType: 1,
    value: (_, column) => [0, 3, 7][Math.floor(column / 12)] as number,
  });
  folder.write(`${name}.hdr`, data.header);
  folder.write(`${name}-labels.hdr`, labels.header);
  return { path: folder.write(`${name}.dat`, data.data), labels: folder.write(`${name}-labels.dat`, labels.data) };
}

const sources = [writeCube("one", 0), writeCube("two", 1)];
const cubes = sources.map(({ path }) => ({ path }));

test("grid crops hold the pixels of their place over the bands wanted", async () => {
  const crops = await openCubeCrops({ cubes, cropSize: [4, 6], exclude: [[1340, 1445]] });
  expect([crops.length, crops.schema]).toEqual([
    2 * 36,
    [
      { name: "band 1", wavelengthNm: 500 },
      { name: "band 2", wavelengthNm: 600 },
    ],
  ]);
  const { pixels, shape, id } = await crops.read(43);
  expect([shape, id, pixels[0], pixels[24]]).toEqual([[2, 4, 6], "two.dat@4,6", 4, 6]);
});

test("of a file band by band a process reads the bands that it wants, and has the pixels of the whole crop", async () => {
  const size = { height: 64, width: 256, bands: 7 };
  const value = (row: number, column: number, band: number): number => 1000 * band + 100 * (row % 7) + (column % 100);
  const { header, data } = writeEnvi({ ...size, dataType: 2, interleave: "bsq", value });
  folder.write("planar.hdr", header);
  const path = folder.write("planar.dat", data);
  const spec = cubeCropsSpec({ cubes: [{ path }], cropSize: [4, 256], open: { cacheBytes: 0 } });
  const whole = await openDataset(spec);
  const { pixels, id } = await whole.read(9);
  const plane = 4 * 256;
  // Ranks of tp 2 and 4, of uneven numbers of bands.
  for (const channels of [[0, 1, 2, 3], [4, 5, 6], [0, 1], [2, 3], [4, 5], [6]]) {
    const part = await openDataset({ ...spec, channels });
    expect(part.schema).toEqual(channels.map((band) => whole.schema[band]));
    const before = threadWork.bytesRead;
    const own = await part.read(9);
    expect(threadWork.bytesRead - before).toBe(channels.length * plane * 2);
    expect([own.id, own.shape]).toEqual([id, [channels.length, 4, 256]]);
    const values = channels.flatMap((band) => [...pixels.subarray(band * plane, (band + 1) * plane)]);
    expect([...own.pixels]).toEqual(values);
  }
});

test("random crops of splits share no pixel, and are a function of seed, epoch and index", async () => {
  const owner = new Map<string, string>();
  for (const split of ["train", "val", "test"] as const) {
    const options: CubeCropsOptions = {
      cubes,
      cropSize: [4, 4],
      placing: "random",
      cropsPerEpoch: 40,
      split,
      blockTiles: 2,
    };
    const crops = await openCubeCrops(options);
    const places = new Set<string>();
    for (let index = 0; index < crops.length; index++) {
      const { pixels, id } = await crops.read(index, { seed: 5, epoch: 1 });
      places.add(id);
      for (let pixel = 0; pixel < 16; pixel++) {
        const key = `${pixels[pixel]},${pixels[16 + pixel]},${pixels[32 + pixel]}`;
        expect(owner.get(key) ?? split).toBe(split);
        owner.set(key, split);
      }
    }
    expect(places.size).toBeGreaterThan(20);
    const again = await openCubeCrops(options);
    expect(await again.read(7, { seed: 5, epoch: 1 })).toEqual(await crops.read(7, { seed: 5, epoch: 1 }));
    expect((await again.read(7, { seed: 5, epoch: 2 })).id).not.toBe((await crops.read(7, { seed: 5, epoch: 1 })).id);
  }
});

test("labels come from the center or the majority, and unlabelled crops are left out", async () => {
  const options: CubeCropsOptions = { cubes: sources, cropSize: [4, 8], ignoreLabel: 0 };
  const crops = await openCubeCrops({ ...options, classNames: ["water", "forest"] });
  // Columns 0–11 have no label: tiles at 0 are left out, the one at 8 has its center at 12.
  expect([crops.length, crops.labelValues, crops.classNames]).toEqual([2 * 6 * 3, [3, 7], ["water", "forest"]]);
  expect((await crops.read(0)).id).toBe("one.dat@0,8");
  expect([(await crops.read(0)).label, (await crops.read(2)).label]).toEqual([0, 1]);
  // Columns 12–23 are 3, 24–35 are 7: the tile at 20 is a tie, which the lower wins.
  const shifted = await openCubeCrops({ ...options, labelFrom: "majority", stride: [4, 4] });
  const labels = await Promise.all(
    [0, 1, 2, 3, 4, 5].map(async (index) => [(await shifted.read(index)).id, (await shifted.read(index)).label]),
  );
  expect(labels).toEqual([
    ["one.dat@0,8", 0],
    ["one.dat@0,12", 0],
    ["one.dat@0,16", 0],
    ["one.dat@0,20", 0],
    ["one.dat@0,24", 1],
    ["one.dat@0,28", 1],
  ]);
});

test("wrong options and cubes that don't fit are errors", async () => {
  const message = (options: Partial<CubeCropsOptions>): Promise<string> =>
    openCubeCrops({ cubes, cropSize: [4, 4], ...options }).then(
      () => "none",
      (error: Error) => `${error.name}: ${error.message.replaceAll(folder.path, "")}`,
    );
  expect([
    await message({ cubes: [] }),
    await message({ cropSize: [0, 4] }),
    await message({ cropSize: [40, 4] }),
    await message({ bands: [3] }),
    await message({ cubes: [cubes[0] as (typeof cubes)[0], { path: (sources[0] as (typeof sources)[0]).labels }] }),
    await message({ cubes: [sources[0] as (typeof sources)[0], cubes[1] as (typeof cubes)[0]] }),
    await message({ cubes: sources, classNames: ["a"] }),
    await message({
      cubes: [{ path: (sources[0] as (typeof sources)[0]).path, labels: (cubes[1] as (typeof cubes)[0]).path }],
    }),
  ]).toMatchSnapshot();
});

test("worker threads read the same random crops", async () => {
  const dataset = cubeCropsSpec({ cubes, cropSize: [4, 4], placing: "random", cropsPerEpoch: 8 });
  const collect = async (numWorkers: number): Promise<number[][]> => {
    const loader = await makeLoader({
      dataset,
      batchSize: 4,
      seed: 1,
      shuffle: true,
      dropLast: true,
      numWorkers,
      prefetchBatches: 2,
      onCorrupt: "fail",
      transforms: [],
    });
    const batches: number[][] = [];
    for await (const { images } of loader.epoch(3)) batches.push([...images]);
    await loader.close();
    return batches;
  };
  expect(await collect(1)).toEqual(await collect(0));
}, 60_000);
