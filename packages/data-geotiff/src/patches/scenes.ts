import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import { makePointTransform, type PointTransform, wgs84 } from "../crs/crs.js";
import { listImagePaths } from "../folder-listing.js";
import { type GeoTransform, invertTransform, toMap } from "../grid/geo-transform.js";
import { type Bounds, boundsIn, type Grid, gridOf } from "../grid/grid.js";
import { openRaster, type Raster } from "../raster.js";

/** Where scenes are: a folder, a pattern of paths with `*` and `**`, or files and URLs. */
export type ScenePaths = string | readonly string[];

/** A raster that lies somewhere on the Earth. */
export interface Scene {
  readonly raster: Raster;
  readonly grid: Grid;
  /** `[west, south, east, north]` in degrees; east is below west across the dateline. */
  readonly bounds: Bounds;
}

const OPEN_AT_ONCE = 8;

/**
 * Opens the headers of many rasters: an index of where each lies. Files that are no TIFF are left out of folders.
 *
 * @throws {ConfigError} if there is none, or one doesn't say where it lies. @throws {FormatError} if one is broken.
 */
export async function openScenes(from: ScenePaths): Promise<readonly Scene[]> {
  const paths = typeof from === "string" ? await findPaths(from) : from;
  if (paths.length === 0)
    throw new ConfigError(`openScenes: expected GeoTIFFs, got none in ${JSON.stringify(from)}. Check the path.`);
  const scenes = new Array<Scene>(paths.length);
  let next = 0;
  async function openInTurn(): Promise<void> {
    for (let index = next++; index < paths.length; index = next++)
      scenes[index] = await openScene(paths[index] as string);
  }
  await Promise.all(Array.from({ length: OPEN_AT_ONCE }, openInTurn));
  const [first] = scenes as [Scene];
  for (const { raster } of scenes)
    if (raster.bands !== first.raster.bands)
      throw new FormatError(
        raster.path,
        `${first.raster.bands} bands as in ${basename(first.raster.path)}`,
        `${raster.bands}`,
        "Keep scenes of one kind together.",
      );
  return scenes;
}

async function openScene(path: string): Promise<Scene> {
  const raster = await openRaster(path);
  const grid = gridOf(raster);
  return { raster, grid, bounds: boundsIn(grid) };
}

async function findPaths(from: string): Promise<string[]> {
  const isTiff = (path: string): boolean => /\.(g?tiff?|cog)$/i.test(path);
  if (!from.includes("*")) {
    const isFolder = await stat(from).then(
      (found) => found.isDirectory(),
      () => false,
    );
    return isFolder
      ? (await listImagePaths("openScenes", from)).filter(isTiff).map((path) => join(from, path))
      : [from];
  }
  const parts = from.split("/");
  const wild = parts.findIndex((part) => part.includes("*"));
  const base = parts.slice(0, wild).join("/") || (from.startsWith("/") ? "/" : ".");
  const pattern = parts
    .slice(wild)
    .map((part) => (part === "**" ? "**" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*")))
    .join("/")
    .replaceAll("**/", "(?:.*/)?")
    .replaceAll("**", ".*");
  const matches = new RegExp(`^${pattern}$`);
  return (await listImagePaths("openScenes", base))
    .filter((path) => matches.test(path))
    .map((path) => join(base, path));
}

/** Tells longitude and latitude of a pixel's place in a grid, and back. */
export interface Locator {
  toDegrees(column: number, row: number): readonly [longitude: number, latitude: number];
  toPixel(longitude: number, latitude: number): readonly [column: number, row: number];
}

export function makeLocator({ crs, transform }: Omit<Grid, "width" | "height">): Locator {
  const out: PointTransform = makePointTransform(crs, wgs84);
  const back: PointTransform = makePointTransform(wgs84, crs);
  const inverse: GeoTransform = invertTransform(transform);
  return {
    toDegrees: (column, row) => out(...toMap(transform, column, row)),
    toPixel: (longitude, latitude) => toMap(inverse, ...back(longitude, latitude)),
  };
}

/** True if a place lies within bounds in degrees, across the dateline too. */
export function isWithin([west, south, east, north]: Bounds, longitude: number, latitude: number): boolean {
  if (!(latitude >= south && latitude <= north)) return false;
  return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
}
