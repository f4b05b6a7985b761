import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sample } from "@graticule/data";
import { type CogOptions, makePointTransform, openCogWriter, parseCrs, wgs84 } from "../src/index.js";

/** The upper left corner of the large scene. Units: m in UTM zone 33 north. */
export const [east, north] = [500_000, 5_400_000];

type Place = Pick<CogOptions, "width" | "height"> & {
  epsg?: number;
  origin: readonly [number, number];
  pixel?: number;
};

/** Writes one band whose value is a function of column, row, to a path below `folder`. */
export async function writeScene(
  folder: string,
  name: string,
  { width, height, epsg = 32633, origin, pixel = 10 }: Place,
  value: (column: number, row: number) => number,
): Promise<string> {
  const path = join(folder, name);
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
export const toDegrees = makePointTransform(utm, wgs84);
/** A plane over longitude and latitude, which bilinear resampling keeps. */
const plane = (longitude: number, latitude: number): number => 1000 * (longitude - 15) + 500 * (latitude - 48);
export const planeAt = (x: number, y: number): number => plane(...(toDegrees(x, y) as [number, number]));

/**
 * Writes two scenes of one grid, some km apart (`images/a/large.tif`, `images/b/small.tif`), heights in a grid of their
 * own over the large one, and its labels.
 */
export async function writeScenes(
  folder: string,
): Promise<{ readonly large: string; readonly small: string; readonly heights: string; readonly labels: string }> {
  const at = (column: number, row: number): number => row * 1000 + column;
  const large = await writeScene(folder, "images/a/large.tif", { width: 80, height: 60, origin: [east, north] }, at);
  const small = await writeScene(
    folder,
    "images/b/small.tif",
    { width: 40, height: 30, origin: [east + 4000, north] },
    (c, r) => 1e6 + at(c, r),
  );
  // Its own grid in degrees, some 7 m by 11 m, over the left of the large scene and beyond.
  const [west, top] = toDegrees(east - 50, north + 50) as [number, number];
  const heights = await writeScene(
    folder,
    "heights.tif",
    { width: 70, height: 90, epsg: 4326, origin: [west, top], pixel: 1e-4 },
    (column, row) => plane(west + (column + 0.5) * 1e-4, top - (row + 0.5) * 1e-4),
  );
  // Class 1 fills all but 9 pixels of class 2; a strip without labels.
  const labels = await writeScene(
    folder,
    "labels.tif",
    { width: 80, height: 60, origin: [east, north] },
    (column, row) => (column >= 70 ? -1 : column >= 40 && column < 43 && row >= 20 && row < 23 ? 2 : 1),
  );
  return { large, small, heights, labels };
}

/** `[column, row]` of a patch's first pixel, and whether it lies in the small scene. */
export const cornerOf = ({ pixels }: Pick<Sample, "pixels">): [number, number, boolean] => {
  const value = (pixels[0] as number) % 1e6;
  return [value % 1000, Math.floor(value / 1000), (pixels[0] as number) >= 1e6];
};
