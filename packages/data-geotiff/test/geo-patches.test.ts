import { join } from "node:path";
import { makeLoader } from "@graticule/data";
import { beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type GeoPatchesOptions, geoPatchesSpec, openGeoPatches, openScenes } from "../src/index.js";
import { cornerOf, east, north, toDegrees, writeScenes } from "./write-scenes.js";

const folder = makeTemporaryFolder();
let { large, labels } = { large: "", labels: "" };
beforeAll(async () => {
  ({ large, labels } = await writeScenes(folder.path));
});

const random = (length: number) => ({ kind: "random", length }) as const;
const images = (): GeoPatchesOptions["layers"] => [{ name: "image", scenes: join(folder.path, "images") }];

describe("scenes", () => {
  test("open by folder, pattern, or list, and know where they lie", async () => {
    const names = async (from: string | string[]) =>
      (await openScenes(from)).map(({ raster }) => raster.path.slice(folder.path.length + 1));
    expect(await names(join(folder.path, "images"))).toEqual(["images/a/large.tif", "images/b/small.tif"]);
    expect(await names(`${folder.path}/**/s*.tif`)).toEqual(["images/b/small.tif"]);
    expect(await names(`${folder.path}/*.tif`)).toEqual(["heights.tif", "labels.tif"]);
    const [scene] = await openScenes([large]);
    const [west, south] = toDegrees(east, north - 600) as [number, number];
    expect(scene?.bounds[0]).toBeCloseTo(west, 9);
    // The lower edge bends: it is lowest in its middle.
    expect(Math.abs((scene?.bounds[1] ?? 0) - south)).toBeLessThan(1e-6);
    await expect(openScenes(`${folder.path}/none/*.tif`)).rejects.toThrow(/openScenes: expected a folder, got/);
    await expect(openScenes([])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openScenes: expected GeoTIFFs, got none in []. Check the path.]`,
    );
  });
});

describe("random patches", () => {
  test("are windows of one scene, each part of the ground as likely as any other", async () => {
    const dataset = await openGeoPatches({ layers: images(), size: [7, 11], sampler: random(600) });
    let inSmall = 0;
    for (let index = 0; index < dataset.length; index++) {
      const sample = await dataset.read(index, { seed: 1, epoch: 2 });
      const [column, row, isSmall] = cornerOf(sample);
      inSmall += Number(isSmall);
      expect(sample.shape).toEqual([1, 7, 11]);
      expect(sample.pixels[6 * 11 + 10]).toBe((sample.pixels[0] as number) + 6010);
      expect(column + 11 <= (isSmall ? 40 : 80) && row + 7 <= (isSmall ? 30 : 60)).toBe(true);
    }
    // 30·24 corners of 30·24 + 70·54 are the small scene's: a share of 0.16; four standard deviations are 0.06.
    expect(Math.abs(inSmall / 600 - 720 / 4500)).toBeLessThan(0.06);
  });

  test("are a function of seed, epoch and index, in worker threads too", async () => {
    const options = { layers: images(), size: [8, 8], sampler: random(12) } as const;
    const dataset = await openGeoPatches(options);
    const ids = async (seed: number, epoch: number) =>
      (await Promise.all([3, 1, 2].map((index) => dataset.read(index, { seed, epoch })))).map(({ id }) => id);
    expect(await ids(7, 0)).toEqual(await ids(7, 0));
    expect(await ids(7, 0)).not.toEqual(await ids(7, 1));
    expect(await ids(7, 0)).not.toEqual(await ids(8, 0));
    const load = async (numWorkers: number): Promise<Float32Array[]> => {
      const loader = await makeLoader({
        dataset: geoPatchesSpec(options),
        batchSize: 4,
        seed: 7,
        shuffle: true,
        dropLast: false,
        transforms: [],
        numWorkers,
        prefetchBatches: 2,
        onCorrupt: "fail",
      });
      const batches: Float32Array[] = [];
      for await (const batch of loader.epoch(1)) batches.push(batch.images.slice());
      await loader.close();
      return batches;
    };
    expect(await load(2)).toEqual(await load(0));
  });

  test("keep their centers within a region", async () => {
    // Around pixel (60, 30) of the large scene, some 7 by 5 pixels
    const [longitude, latitude] = toDegrees(east + 600, north - 300) as [number, number];
    const region = [longitude - 5e-4, latitude - 2e-4, longitude + 5e-4, latitude + 2e-4] as const;
    const dataset = await openGeoPatches({ layers: images(), size: [10, 10], sampler: random(60), region });
    const corners = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => cornerOf(await dataset.read(index))),
    );
    expect(
      corners.every(
        ([column, row, isSmall]) => !isSmall && Math.abs(column + 5 - 60) <= 4 && Math.abs(row + 5 - 30) <= 3,
      ),
    ).toBe(true);
    expect(new Set(corners.map(String)).size).toBeGreaterThan(10);
    const elsewhere = { layers: images(), size: [10, 10] as const, region: [0, 0, 1, 1] as const };
    await expect(openGeoPatches({ ...elsewhere, sampler: random(1) })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openGeoPatches: expected room for patches of 10 by 10 pixels in 2 scenes within [0, 0, 1, 1], got none. Choose smaller patches, a larger region, or layers that overlap.]`,
    );
    await expect(openGeoPatches({ ...elsewhere, sampler: { kind: "grid" } })).rejects.toThrow(/got none/);
  });
});

test("grid patches cover every pixel, the last ones moved inwards", async () => {
  const dataset = await openGeoPatches({ layers: images(), size: [32, 32], sampler: { kind: "grid" } });
  // 80 by 60 takes 3 by 2; 40 by 30 is too low for patches of 32.
  const corners = await Promise.all(
    Array.from({ length: dataset.length }, async (_, index) => cornerOf(await dataset.read(index))),
  );
  expect(corners.map(([column, row]) => [row, column])).toEqual([
    [0, 0],
    [0, 32],
    [0, 48],
    [28, 0],
    [28, 32],
    [28, 48],
  ]);
  const denser = await openGeoPatches({
    layers: images(),
    size: [30, 40],
    sampler: { kind: "grid", stride: [15, 20] },
  });
  expect(denser.length).toBe(3 * 3 + 1);
});

test("balanced patches hold a pixel of their class, each class as often as the other", async () => {
  const layers = [
    { name: "image", scenes: [large] },
    { name: "labels", scenes: [labels], method: "nearest", as: "array" },
  ] as const;
  const sampler = { kind: "balanced", length: 200, layer: "labels" } as const;
  const dataset = await openGeoPatches({ layers, size: [5, 6], sampler });
  expect(dataset.classNames).toEqual(["1", "2"]);
  let twos = 0;
  for (let index = 0; index < 200; index++) {
    const { label = -1, arrays, pixels } = await dataset.read(index, { seed: 0, epoch: 0 });
    expect(Array.from(arrays?.labels?.data ?? [])).toContain(label + 1);
    expect(arrays?.labels?.shape).toEqual([1, 5, 6]);
    // The label array lies on the image's pixels.
    const at = (pixels[0] as number) % 1000;
    if (at + 5 >= 70 && at < 70) expect(arrays?.labels?.data[70 - at]).toBeNaN();
    twos += label;
  }
  // Four standard deviations of a fair coin thrown 200 times are 28.
  expect(Math.abs(twos - 100)).toBeLessThan(28);
  const only = await openGeoPatches({ layers, size: [5, 6], sampler: { ...sampler, classes: [2] } });
  expect([only.classNames, (await only.read(0)).label]).toEqual([["2"], 0]);
  await expect(openGeoPatches({ layers, size: [5, 6], sampler: { ...sampler, classes: [9] } })).rejects.toThrow(
    /expected pixels of classes 9 in 1 label scenes, got none/,
  );
});
