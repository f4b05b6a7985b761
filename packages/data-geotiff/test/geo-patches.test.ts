import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeLoader, type Sample } from "@graticule/data";
import { beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import {
  type CogOptions,
  type GeoPatchesOptions,
  geoPatchesSpec,
  makePointTransform,
  openCogWriter,
  openGeoPatches,
  openScenes,
  openTimeStacks,
  parseCrs,
  wgs84,
} from "../src/index.js";

const folder = makeTemporaryFolder();
const root = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";
const [east, north] = [500_000, 5_400_000];

type Place = Pick<CogOptions, "width" | "height"> & {
  epsg?: number;
  origin: readonly [number, number];
  pixel?: number;
};

/** Writes one band whose value is a function of column, row. */
async function writeScene(
  name: string,
  { width, height, epsg = 32633, origin, pixel = 10 }: Place,
  value: (column: number, row: number) => number,
): Promise<string> {
  const path = join(folder.path, name);
  mkdirSync(join(path, ".."), { recursive: true });
  const transform = [origin[0], pixel, 0, origin[1], 0, -pixel] as const;
  const writer = await openCogWriter(path, {
    width,
    height,
    dtype: "float32",
    nodata: -1,
    epsg,
    transform,
    overviews: 0,
  });
  const pixels = Float32Array.from({ length: width * height }, (_, at) => value(at % width, Math.floor(at / width)));
  await writer.writeWindow({ row: 0, column: 0, height, width }, pixels);
  await writer.close();
  return path;
}

const utm = parseCrs(32633);
const toDegrees = makePointTransform(utm, wgs84);
/** A plane over longitude and latitude, which bilinear resampling keeps. */
const plane = (longitude: number, latitude: number): number => 1000 * (longitude - 15) + 500 * (latitude - 48);
const planeAt = (x: number, y: number): number => plane(...(toDegrees(x, y) as [number, number]));

let small = "";
let large = "";
let heights = "";
let labels = "";
beforeAll(async () => {
  const at = (column: number, row: number): number => row * 1000 + column;
  large = await writeScene("images/a/large.tif", { width: 80, height: 60, origin: [east, north] }, at);
  small = await writeScene(
    "images/b/small.tif",
    { width: 40, height: 30, origin: [east + 4000, north] },
    (c, r) => 1e6 + at(c, r),
  );
  // Its own grid in degrees, some 7 m by 11 m, over the left of the large scene and beyond.
  const [west, top] = toDegrees(east - 50, north + 50) as [number, number];
  heights = await writeScene(
    "heights.tif",
    { width: 70, height: 90, epsg: 4326, origin: [west, top], pixel: 1e-4 },
    (column, row) => plane(west + (column + 0.5) * 1e-4, top - (row + 0.5) * 1e-4),
  );
  // Class 1 fills all but 9 pixels of class 2; a strip without labels.
  labels = await writeScene("labels.tif", { width: 80, height: 60, origin: [east, north] }, (column, row) =>
    column >= 70 ? -1 : column >= 40 && column < 43 && row >= 20 && row < 23 ? 2 : 1,
  );
});

const random = (length: number) => ({ kind: "random", length }) as const;
const images = (): GeoPatchesOptions["layers"] => [{ name: "image", scenes: join(folder.path, "images") }];
/** `[column, row]` of a patch's first pixel, and whether it lies in the small scene. */
const cornerOf = ({ pixels }: Sample): [number, number, boolean] => {
  const value = (pixels[0] as number) % 1e6;
  return [value % 1000, Math.floor(value / 1000), (pixels[0] as number) >= 1e6];
};

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

describe("layers with their own grids", () => {
  const layers = (): GeoPatchesOptions["layers"] => [...images(), { name: "height", scenes: heights }];

  test("meet on the first one's pixels, where both are", async () => {
    const dataset = await openGeoPatches({ layers: layers(), size: [6, 8], sampler: random(40) });
    expect(dataset.schema.map(({ name }) => name)).toEqual(["image/band1", "height/band1"]);
    let compared = 0;
    for (let index = 0; index < 40; index++) {
      const { pixels } = await dataset.read(index);
      const [column, row] = cornerOf({ pixels } as Sample);
      for (let at = 0; at < 48; at++) {
        const found = pixels[48 + at] as number;
        if (Number.isNaN(found)) continue;
        const [x, y] = [column + (at % 8) + 0.5, row + Math.floor(at / 8) + 0.5];
        // A pixel to the east changes the plane by 0.14; an eighth of that is allowed.
        expect(Math.abs(found - planeAt(east + 10 * x, north - 10 * y))).toBeLessThan(0.0175);
        compared += 1;
      }
      // The center is the corner of four pixels, of which the layer's edge may spare one.
      expect([19, 20, 27, 28].some((at) => !Number.isNaN(pixels[48 + at]))).toBe(true);
    }
    expect(compared).toBeGreaterThan(1500);
  });

  test("are NaN in a union where one of them is not", async () => {
    const beyond = await writeScene(
      "beyond.tif",
      { width: 50, height: 50, origin: [east + 20_003, north], pixel: 20 },
      () => 5,
    );
    const dataset = await openGeoPatches({
      layers: [
        { name: "image", scenes: [large] },
        { name: "other", scenes: [beyond] },
      ],
      combine: "union",
      size: [10, 10],
      sampler: { kind: "grid" },
    });
    // 8 by 6 in the image's own grid; 1000 m at 10 m, from a corner that is not the grid's: 101 columns
    expect(dataset.length).toBe(48 + 11 * 10);
    const first = (await dataset.read(0)).pixels;
    expect([first[0], first[100]]).toEqual([0, NaN]);
    const last = (await dataset.read(100)).pixels;
    expect([last[0], last[150]]).toEqual([NaN, 5]);
  });

  test("are put together from the scenes that a patch touches", async () => {
    const value = (x: number) => (column: number, row: number) => x + column + 100 * row;
    const halves = [
      await writeScene("half-1.tif", { width: 13, height: 60, origin: [east, north] }, value(0)),
      await writeScene("half-2.tif", { width: 67, height: 60, origin: [east + 130, north] }, value(13)),
    ];
    const dataset = await openGeoPatches({
      layers: [...images(), { name: "halves", scenes: halves }],
      size: [4, 20],
      sampler: { kind: "grid" },
      region: [14, 40, 16, 60],
    });
    const { pixels } = await dataset.read(0);
    expect(pixels.subarray(80, 100)).toEqual(Float32Array.from({ length: 20 }, (_, column) => column));
    await expect(
      openGeoPatches({
        layers: [{ name: "x", scenes: [small] }, ...layers().slice(1)],
        size: [4, 4],
        sampler: random(1),
      }),
    ).rejects.toThrow(/expected room for patches of 4 by 4 pixels in 1 scenes, got none.*layers that overlap/);
  });

  test.each([
    [
      "two layers of one name",
      {
        layers: [
          { name: "a", scenes: "x" },
          { name: "a", scenes: "x" },
        ],
      },
    ],
    ["arrays only", { layers: [{ name: "a", scenes: "x", as: "array" }] }],
    ["an unknown sampler", { sampler: { kind: "spiral" } }],
    ["no length", { sampler: { kind: "random", length: 0 } }],
    ["a label layer that is not there", { sampler: { kind: "balanced", length: 1, layer: "b" } }],
    ["a size of nothing", { size: [0, 3] }],
  ])("%s is refused", async (_, wrong) => {
    const options = { layers: [{ name: "a", scenes: "x" }], size: [4, 4], sampler: random(1), ...wrong };
    await expect(openGeoPatches(options as unknown as GeoPatchesOptions)).rejects.toThrowErrorMatchingSnapshot();
  });
});

describe("time stacks", () => {
  test("give every day a place, NaN where a place lacks it, and bring shifted grids together", async () => {
    const at = (day: number) => (column: number, row: number) => 10_000 * day + 100 * row + column;
    const [width, height] = [24, 16];
    const here = { width, height, origin: [east, north] } as const;
    const there = { width, height, origin: [east + 9000, north] } as const;
    await writeScene("series/here_20200113.tif", here, at(1));
    await writeScene("series/here_2020-02-02.tif", here, at(2));
    // Five pixels to the east: the patch's first five columns are not there.
    await writeScene("series/here_2020060.tif", { ...here, origin: [east + 50, north] }, at(3));
    await writeScene("series/there_20200202.tif", there, at(4));
    const options = { scenes: join(folder.path, "series"), size: [8, 12], sampler: { kind: "grid" } } as const;
    const stacks = await openTimeStacks(options);
    expect(stacks.dates).toEqual(["2020-01-13", "2020-02-02", "2020-02-29"]);
    expect(stacks.schema.map(({ name }) => name)).toEqual(["2020-01-13/band1", "2020-02-02/band1", "2020-02-29/band1"]);
    expect(stacks.length).toBe(8);
    const { pixels, shape, arrays } = await stacks.read(0);
    expect(shape).toEqual([3, 8, 12]);
    expect(Array.from(arrays?.days?.data ?? [])).toEqual([0, 20, 47]);
    expect([0, 96, 192, 192 + 5, 192 + 12 + 6].map((place) => pixels[place])).toEqual([
      10_000,
      20_000,
      NaN,
      30_000,
      30_101,
    ]);
    const elsewhere = await stacks.read(4);
    expect([0, 96, 192].map((place) => elsewhere.pixels[place])).toEqual([NaN, 40_000, NaN]);
    const chosen = await openTimeStacks({ ...options, dates: ["2020-02-29", "2020-01-13"], sampler: random(3) });
    expect((await chosen.read(2, { seed: 5, epoch: 1 })).shape).toEqual([2, 8, 12]);
    await expect(openTimeStacks({ ...options, dates: ["2021-01-01"] })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openTimeStacks: expected dates that some scene has, got '2021-01-01'.]`,
    );
  });

  test("read days by a pattern, and name a file without one", async () => {
    const path = await writeScene("odd/d31m12y99.tif", { width: 16, height: 16, origin: [east, north] }, () => 0);
    const options = { scenes: [path], size: [4, 4], sampler: { kind: "grid" } } as const;
    const error = await openTimeStacks(options).catch((caught: Error) => caught.message.replace(folder.path, ""));
    expect(error).toMatchInlineSnapshot(
      `"openTimeStacks: expected a day in the name or the DateTime of '/odd/d31m12y99.tif', got none. Give a datePattern such as "(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)"."`,
    );
    const datePattern = "d(?<day>\\d\\d)m(?<month>\\d\\d)y(?<year>\\d\\d)";
    await expect(openTimeStacks({ ...options, datePattern })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openTimeStacks: expected datePattern to find year, month and day in 'd31m12y99.tif', got {"day":"31","month":"12","year":"99"} by d(?<day>\\d\\d)m(?<month>\\d\\d)y(?<year>\\d\\d).]`,
    );
    const named = await writeScene("odd/d31m12y1999.tif", { width: 16, height: 16, origin: [east, north] }, () => 0);
    const found = await openTimeStacks({
      ...options,
      scenes: [named],
      datePattern: datePattern.replace("(?<year>\\d\\d)", "(?<year>\\d{4})"),
    });
    expect(found.dates).toEqual(["1999-12-31"]);
  });

  test.skipIf(!present)(`two Landsat-7 scenes of one place${reason}`, async () => {
    const scenes = `${root}geotiff/landsat7_stack`;
    const options = { scenes, size: [64, 64], sampler: random(4), bands: [3, 4] } as const;
    const { dates, length, ...stacks } = await openTimeStacks({
      ...options,
      scenes: [`${scenes}/LE70220491999322EDC01_stack.gtif`, `${scenes}/LE70220492002106EDC00_stack.gtif`],
    });
    expect([dates, length]).toEqual([["1999-11-18", "2002-04-16"], 4]);
    const { shape, pixels } = await stacks.read(1, { seed: 3, epoch: 0 });
    expect(shape).toEqual([4, 64, 64]);
    expect(pixels.some(Number.isNaN)).toBe(false);
  });
});
