import { readFileSync } from "node:fs";
import { makeMemorySource } from "@graticule/data";
import { beforeAll, expect, test } from "vitest";
import { type GridMethod, openRasterFrom, parseCrs, type Raster, resampleToGrid } from "../src/index.js";
import { writeTiff } from "./write-tiff.js";

interface Reference {
  readonly source: { crs: number; transform: number[]; width: number; height: number; values: (number | null)[] };
  readonly grids: readonly {
    name: string;
    crs: number;
    transform: [number, number, number, number, number, number];
    width: number;
    height: number;
    method: GridMethod;
    values: (number | null)[];
  }[];
}

const { source, grids } = JSON.parse(
  readFileSync(new URL("./fixtures/warp.json", import.meta.url), "utf8"),
) as Reference;

/** A float32 TIFF with a place: EPSG code, and GDAL's transform without turning. */
function writePlaced(values: readonly number[], width: number, height: number, epsg: number, place: readonly number[]) {
  const [x = 0, pixelWidth = 1, , y = 0, , pixelHeight = -1] = place;
  const key = epsg === 4326 ? 2048 : 3072;
  return writeTiff({
    width,
    height,
    bands: 1,
    bits: 32,
    format: 3,
    pixels: values,
    rowsPerStrip: 8,
    tags: {
      33550: [12, [pixelWidth, -pixelHeight, 0]],
      33922: [12, [0, 0, 0, x, y, 0]],
      34735: [3, [1, 1, 0, 2, 1025, 0, 1, 1, key, 0, 1, epsg]],
    },
  });
}

let raster: Raster;
beforeAll(async () => {
  const { values, width, height, crs, transform } = source;
  const bytes = writePlaced(
    values.map((value) => value ?? NaN),
    width,
    height,
    crs,
    transform,
  );
  raster = await openRasterFrom(makeMemorySource("warp.tif", bytes));
});

/**
 * Largest and mean difference allowed, of values that spread by 45. The fixture rounds to 0.1. GDAL's cubic ends next
 * to missing pixels, and its kernels and averages on coarser grids see pixels in whole steps.
 */
function tolerance(method: GridMethod, grid: string): [worst: number, mean: number] {
  if (method === "nearest") return [0, 0];
  if (grid.startsWith("coarser")) return method === "average" ? [4, 0.5] : [0.5, 0.2];
  if (method === "bilinear") return [0.06, 0.03];
  return method === "cubic" ? [1.5, 0.1] : [0.5, 0.1];
}

test.each(grids)("$method onto the $name grid equals GDAL's warp", async ({ name, crs, method, values, ...place }) => {
  const found = await resampleToGrid(raster, { crs: parseCrs(crs), ...place }, { method });
  let [both, onlyOne, worst, sum] = [0, 0, 0, 0];
  for (const [index, value] of found.entries()) {
    const expected = values[index] as number | null;
    if (Number.isNaN(value) !== (expected === null)) onlyOne += 1;
    if (Number.isNaN(value) || expected === null) continue;
    both += 1;
    const difference = Math.abs(value - expected);
    worst = Math.max(worst, difference);
    sum += difference;
  }
  const [mostWorst, mostMean] = tolerance(method, name);
  expect(worst).toBeLessThanOrEqual(mostWorst);
  expect(sum / both).toBeLessThanOrEqual(mostMean);
  // GDAL's average also fills pixels just outside the source.
  if (method !== "average") expect(onlyOne).toBe(0);
  else expect(both).toBeGreaterThan(0.85 * (both + onlyOne));
});

test("a map of the Earth is found on either side of its seam, and blocks don't read all of it", async () => {
  const values = Array.from({ length: 36 * 18 }, (_, index) => index % 36);
  const world = (left: number) =>
    openRasterFrom(makeMemorySource("world.tif", writePlaced(values, 36, 18, 4326, [left, 10, 0, 90, 0, -10])));
  const grid = { crs: parseCrs(4326), transform: [150, 10, 0, 40, 0, -10] as const, width: 6, height: 2 };
  const row = async (left: number) =>
    [...(await resampleToGrid(await world(left), grid, { method: "nearest" }))].slice(0, 6);
  expect(await row(-180)).toEqual([33, 34, 35, 0, 1, 2]);
  expect(await row(0)).toEqual([15, 16, 17, 18, 19, 20]);
});

test("coarse grids read overviews, fine ones the full resolution", async () => {
  const reads: string[] = [];
  const level = (size: number) => ({
    width: size,
    height: size,
    transform: [0, 6400 / size, 0, 6400, 0, -6400 / size] as const,
    async readWindow({ height, width }: { height: number; width: number }) {
      reads.push(`${size}`);
      return new Float32Array(height * width).fill(size);
    },
  });
  const pyramid = {
    ...level(64),
    path: "pyramid",
    bandNames: ["band1"],
    crs: parseCrs(32633),
    overviews: [level(32), level(16)],
  };
  const onto = async (size: number, method: GridMethod) => {
    const grid = { crs: parseCrs(32633), transform: level(size).transform, width: size, height: size };
    return (await resampleToGrid(pyramid, grid, { method }))[0];
  };
  expect(await onto(64, "bilinear")).toBe(64);
  expect(await onto(32, "average")).toBe(32);
  expect(await onto(20, "bilinear")).toBe(32);
  expect(await onto(8, "cubic")).toBe(16);
  expect(await onto(8, "nearest")).toBe(64);
});

test("a raster without a place, a wrong method and too large a grid are refused", async () => {
  const grid = { crs: parseCrs(32633), transform: toGrid, width: 4, height: 4 };
  const bare = await openRasterFrom(
    makeMemorySource("bare.tif", writeTiff({ width: 1, height: 1, bands: 1, pixels: [1] })),
  );
  await expect(resampleToGrid(bare, grid, { method: "nearest" })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: bare.tif: expected a coordinate system that Graticule knows, got none. Open it as { ...raster, crs: parseCrs(its PROJ string or WKT) }.]`,
  );
  await expect(
    resampleToGrid(raster, grid, { method: "lanczos" as GridMethod }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: resampleToGrid: expected method nearest, bilinear, cubic or average, got "lanczos".]`,
  );
  await expect(
    resampleToGrid(raster, grid, { method: "nearest", maxValues: 15 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: warp.tif: expected a grid of at most 15 values, got 1 bands of 4 by 4. Resample onto smaller grids, or raise maxValues.]`,
  );
});

const toGrid = [400_000, 100, 0, 5_800_000, 0, -100] as const;
