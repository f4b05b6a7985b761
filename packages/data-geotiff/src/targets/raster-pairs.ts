import { basename, dirname, join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import { type Dataset, type DatasetSpec, type JsonValue, type Sample, type SampleArray, SPLITS } from "@graticule/data";
import { type BandSelection, selectBands } from "../band-selection.js";
import { listImagePaths } from "../folder-listing.js";
import { type ImageFile, openImageFile } from "../image-file.js";
import { type SplitOptions, splitEntries } from "../split-entries.js";

/** Name of the array that a dataset with one target keeps it under. */
export const TARGET = "target";

export interface RasterPairsOptions extends SplitOptions {
  /** A folder, a pattern with one `*`, such as `chips/*_merged.tif`, or files. */
  readonly images: string | readonly string[];
  /**
   * Rasters of as many pixels that say something of each, such as its class, written likewise, or several by name. Files of
   * folders pair by their path without extension, those of patterns by what `*` stands for, those of lists by their order.
   */
  readonly targets: RasterPaths | Readonly<Record<string, RasterPaths>>;
  /** Bands of the images to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
}

type RasterPaths = string | readonly string[];

interface Pair {
  readonly image: string;
  readonly targets: readonly string[];
  readonly split: string | undefined;
}

/**
 * Opens images with rasters of targets as a dataset; targets are arrays on the pixels, NaN where they have no data, named
 * `target` or as given. Files in folders `train`, `val` and `test` make the splits, else shares drawn by a seed.
 *
 * Shape: pixels `[C, H, W]`, targets `[T, H, W]`, T their bands.
 *
 * @throws {ConfigError} if images and targets don't pair up, or there is none.
 * @throws {FormatError} if no image can be read; a read of a pair of two sizes rejects with one.
 */
export async function openRasterPairs(options: RasterPairsOptions): Promise<Dataset> {
  const { images, targets, bands } = options;
  const isSingle = typeof targets === "string" || Array.isArray(targets);
  const named = (isSingle ? { [TARGET]: targets } : targets) as Readonly<Record<string, RasterPaths>>;
  const names = Object.keys(named);
  const all = await pairUp(images, named);
  const pairs = splitEntries("openRasterPairs", all, options);
  const first = await openImageFile(all[0]?.image as string);
  const selected = selectBands(all[0]?.image as string, first.bandNames, bands);
  const schema = selected.map((band) => ({ name: first.bandNames[band] as string }));

  async function read(index: number): Promise<Sample> {
    const pair = pairs[index];
    if (pair === undefined)
      throw new RangeError(`read: expected an index from 0 to ${pairs.length - 1}, got ${index}.`);
    const image = await openImageFile(pair.image);
    if (image.bandNames.length !== first.bandNames.length)
      throw new FormatError(
        pair.image,
        `${first.bandNames.length} bands as the first image`,
        `${image.bandNames.length}`,
      );
    const arrays: Record<string, SampleArray> = {};
    for (const [at, path] of pair.targets.entries()) arrays[names[at] as string] = await readTarget(path, image);
    const pixels = await image.read(selected);
    return { pixels, shape: [selected.length, image.height, image.width], id: basename(pair.image), arrays };
  }

  return { length: pairs.length, schema, read };
}

/** How worker threads open the same pairs. */
export function rasterPairsSpec(options: RasterPairsOptions): DatasetSpec {
  return { module: import.meta.url, export: "openRasterPairs", options: options as unknown as JsonValue };
}

async function readTarget(path: string, image: ImageFile): Promise<SampleArray> {
  const target = await openImageFile(path);
  assertSameSize(path, target, image);
  return {
    data: await target.read(),
    shape: [target.bandNames.length, target.height, target.width],
    onPixels: true,
  };
}

interface PixelSize {
  readonly height: number;
  readonly width: number;
}

/** @throws {FormatError} if a raster of targets has another size than its image. */
export function assertSameSize(path: string, target: PixelSize, image: PixelSize): void {
  if (target.height === image.height && target.width === image.width) return;
  const advice = "Resample it onto the image's grid, the nearest pixel for classes.";
  throw new FormatError(
    path,
    `${image.height} by ${image.width} pixels as its image`,
    `${target.height} by ${target.width}`,
    advice,
  );
}

async function pairUp(images: RasterPaths, targets: Readonly<Record<string, RasterPaths>>): Promise<Pair[]> {
  const found = await listByKey("images", images);
  const keyed: Map<string, string>[] = [];
  for (const [name, paths] of Object.entries(targets)) {
    const own = await listByKey(name, paths);
    const missing = [...found.keys()].filter((key) => !own.has(key));
    if (missing.length > 0)
      throw new ConfigError(
        `openRasterPairs: expected a raster of ${name} for each of ${found.size} images, got none for ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}. Give folders of the same names, or patterns with one '*' each.`,
      );
    keyed.push(own);
  }
  return Array.from(found, ([key, image]) => ({
    image,
    targets: keyed.map((own) => own.get(key) as string),
    split: SPLITS.find((split) => key.startsWith(`${split}/`)),
  }));
}

/** Files by what pairs them, in the order of that. */
async function listByKey(what: string, paths: RasterPaths): Promise<Map<string, string>> {
  const where = `openRasterPairs: ${what}`;
  if (typeof paths !== "string") return new Map(paths.map((path, index) => [String(index).padStart(8, "0"), path]));
  const isFile = /\.(jpe?g|png|g?tiff?|cog)$/i.test(paths) && !paths.includes("*");
  if (isFile) return new Map([["", paths]]);
  const [before = "", after] = paths.split("*");
  const folder = after === undefined ? paths : before.endsWith("/") ? before.slice(0, -1) : dirname(before);
  const files = (await listImagePaths(where, folder)).map((path) => join(folder, path));
  if (after === undefined)
    return new Map(files.map((path) => [path.slice(folder.length + 1).replace(/\.\w+$/, ""), path]));
  const matches = files.filter((path) => path.startsWith(before) && path.endsWith(after));
  if (matches.length === 0) throw new ConfigError(`${where}: expected files, got none at '${paths}'.`);
  return new Map(matches.map((path) => [path.slice(before.length, path.length - after.length), path]));
}
