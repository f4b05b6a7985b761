import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError, FormatError, makeRandom } from "@graticule/core";
import {
  type Dataset,
  type DatasetSpec,
  type JsonValue,
  type Sample,
  SPLITS,
  type Split,
  stratifiedSplit,
} from "@graticule/data";
import { type BandSelection, selectBands } from "../band-selection.js";
import { listImagePaths } from "../folder-listing.js";
import { openImageFile } from "../image-file.js";
import { ensureExtracted, ensureFile, type FetchOptions } from "./benchmark-files.js";
import { SCENE_BENCHMARKS, type SceneBenchmark, type SceneBenchmarkName } from "./scene-benchmarks.js";

export interface SceneBenchmarkOptions extends FetchOptions {
  readonly name: SceneBenchmarkName;
  /** The folder that holds the extracted archive, or the class folders themselves. */
  readonly root: string;
  /** The samples of one split; of all if absent. */
  readonly split?: Split;
  /** Draws train and test with this part of each class to train on, in place of the published lists. */
  readonly trainFraction?: number;
  /** Seeds that draw; 0 if absent. */
  readonly seed?: number;
  /** Files that list each split's images, one a line, the path first, in place of the published lists. */
  readonly lists?: Partial<Readonly<Record<Split, string>>>;
  /** Bands to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
  /** Takes a part of the images for good: labels stay the official ones, counts are not checked. False if absent. */
  readonly partial?: boolean;
}

interface Entry {
  readonly path: string;
  readonly label: number;
  /** Split that the folders tell. */
  readonly split: Split | undefined;
}

/** Images whose size is looked at; a mixed-up folder shows in a few. */
const CHECKED_IMAGES = 16;

/**
 * Opens a scene classification benchmark: its official classes in their order, its published splits. What is on disk
 * is checked first: every class, the number of images, the size of some. With `download`, what is missing is fetched,
 * verified and extracted; otherwise the error says what to fetch and where to put it.
 *
 * Splits: folders named train, val or test if there are any; else `lists`; else a draw by `trainFraction`; else the
 * published lists; else a draw by the benchmark's usual fraction.
 *
 * @throws {ConfigError} if images, classes or lists are missing. @throws {FormatError} if an image has another size,
 * or a download is damaged.
 */
export async function openSceneBenchmark(options: SceneBenchmarkOptions): Promise<Dataset> {
  const benchmark: SceneBenchmark | undefined = SCENE_BENCHMARKS[options.name];
  if (benchmark === undefined)
    throw new ConfigError(
      `openSceneBenchmark: expected a name among ${Object.keys(SCENE_BENCHMARKS).join(", ")}, got '${options.name}'.`,
    );
  return openBenchmarkFrom(benchmark, options);
}

/** How worker threads open the same benchmark; they find it on disk. */
export function sceneBenchmarkSpec(options: SceneBenchmarkOptions): DatasetSpec {
  return { module: import.meta.url, export: "openSceneBenchmark", options: options as unknown as JsonValue };
}

/** As `openSceneBenchmark`, from a description. */
export async function openBenchmarkFrom(
  benchmark: SceneBenchmark,
  options: Omit<SceneBenchmarkOptions, "name">,
): Promise<Dataset> {
  const { root, partial = false } = options;
  const where = `openSceneBenchmark (${benchmark.title})`;
  const folder = await locateImages(where, benchmark, options);
  const listed = await listEntries(where, folder, benchmark);
  if (!partial) checkCounts(where, folder, listed, benchmark);
  await checkSizes(folder, listed, benchmark);
  const entries = await chooseSplit(where, listed, benchmark, options);
  const selected = selectBands(root, benchmark.bandNames, options.bands);
  const schema = selected.map((band) => ({ name: benchmark.bandNames[band] as string }));

  async function read(index: number): Promise<Sample> {
    const entry = entries[index];
    if (entry === undefined)
      throw new RangeError(`read: expected an index from 0 to ${entries.length - 1}, got ${index}.`);
    const path = join(folder, entry.path);
    const image = await openImageFile(path);
    if (image.bandNames.length !== benchmark.bandNames.length)
      throw new FormatError(
        path,
        `${benchmark.bandNames.length} bands as in ${benchmark.title}`,
        `${image.bandNames.length}`,
        "Fetch the benchmark again.",
      );
    const pixels = await image.read(selected);
    return { pixels, shape: [schema.length, image.height, image.width], label: entry.label, id: entry.path };
  }

  return { length: entries.length, schema, classNames: benchmark.classNames, read };
}

/** The folder that holds class folders, after fetching and extracting if need be. */
async function locateImages(
  where: string,
  { folders, classNames, archive, byHand }: SceneBenchmark,
  options: Omit<SceneBenchmarkOptions, "name">,
): Promise<string> {
  const { root } = options;
  const places = folders.map((folder) => join(root, folder));
  const find = (): string | undefined =>
    places.find(
      (place) => ["", ...SPLITS].some((split) => hasFolder(join(place, split), classNames)) || isNested(place),
    );
  const found = find();
  if (found !== undefined) return found;
  if (archive === undefined)
    throw new ConfigError(
      `${where}: expected images in '${places[0]}', got none, and nothing can be downloaded. ${byHand} below '${root}'.`,
    );
  await ensureExtracted(where, root, archive, options);
  const extracted = find();
  if (extracted === undefined)
    throw new ConfigError(
      `${where}: expected class folders in '${places[0]}' after extracting ${archive.name}, got none. Look into '${root}'.`,
    );
  return extracted;
}

const hasFolder = (place: string, names: readonly string[]): boolean =>
  names.some((name) => statSync(join(place, name), { throwIfNoEntry: false })?.isDirectory());

/** MillionAID's class folders lie below one or two levels of broader classes, such as `agriculture_land`. */
const isNested = (place: string): boolean => existsSync(join(place, "agriculture_land"));

/** An image's class is the name of its folder. */
async function listEntries(where: string, folder: string, { classNames }: SceneBenchmark): Promise<Entry[]> {
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const entries: Entry[] = [];
  for (const path of await listImagePaths(where, folder)) {
    const folders = path.split("/").slice(0, -1);
    const className = folders.at(-1) ?? "";
    const label = labels.get(className);
    if (label === undefined)
      throw new ConfigError(
        `${where}: expected images in folders named by class, such as '${classNames[0]}', got '${path}' in '${folder}'. Remove what doesn't belong to the benchmark.`,
      );
    entries.push({ path, label, split: SPLITS.find((split) => folders.length > 1 && split === folders[0]) });
  }
  return entries;
}

function checkCounts(where: string, folder: string, entries: readonly Entry[], benchmark: SceneBenchmark): void {
  const { classNames, imagesPerClass, images } = benchmark;
  const counts = new Array<number>(classNames.length).fill(0);
  for (const { label } of entries) counts[label]! += 1;
  for (const [label, count] of counts.entries()) {
    const expected = typeof imagesPerClass === "number" ? imagesPerClass : imagesPerClass?.[label];
    if (count === 0 || (expected !== undefined && count !== expected))
      throw new ConfigError(
        `${where}: expected ${expected ?? "some"} images of class '${classNames[label]}' in '${folder}', got ${count}. Fetch the benchmark again, or set partial to true to use a part of it.`,
      );
  }
  if (images !== undefined && entries.length !== images)
    throw new ConfigError(
      `${where}: expected ${images} images in '${folder}', got ${entries.length}. Fetch the benchmark again, or set partial to true to use a part of it.`,
    );
}

async function checkSizes(folder: string, entries: readonly Entry[], benchmark: SceneBenchmark): Promise<void> {
  const { imageSize, sizeSlack = 0, title } = benchmark;
  if (imageSize === undefined) return;
  const [height, width] = imageSize;
  const fits = (size: number, full: number): boolean => size >= full - sizeSlack && size <= full + sizeSlack;
  for (const index of makeRandom(0, "check sizes").permutation(entries.length).subarray(0, CHECKED_IMAGES)) {
    const path = join(folder, (entries[index] as Entry).path);
    const image = await openImageFile(path);
    if (!fits(image.height, height) || !fits(image.width, width))
      throw new FormatError(
        path,
        `an image of ${width} by ${height} pixels as in ${title}`,
        `${image.width} by ${image.height}`,
        "This may be another benchmark's folder.",
      );
  }
}

async function chooseSplit(
  where: string,
  entries: readonly Entry[],
  benchmark: SceneBenchmark,
  options: Omit<SceneBenchmarkOptions, "name">,
): Promise<readonly Entry[]> {
  const { root, split, lists, seed = 0, partial = false } = options;
  if (split === undefined) return entries;
  if (!SPLITS.includes(split)) throw new ConfigError(`${where}: expected split train, val or test, got '${split}'.`);
  const isSplitByFolders = entries.some((entry) => entry.split !== undefined);
  if (isSplitByFolders && lists === undefined && options.trainFraction === undefined) {
    const chosen = entries.filter((entry) => entry.split === split);
    if (chosen.length > 0) return chosen;
    throw new ConfigError(`${where}: expected a folder '${split}' with images, got none. Use another split.`);
  }
  const own = lists?.[split];
  const published = options.trainFraction === undefined ? benchmark.splitLists?.[split] : undefined;
  if (own !== undefined || (published !== undefined && lists === undefined)) {
    const path = own ?? (await ensureFile(where, root, published as NonNullable<typeof published>, options));
    return selectListed(where, path, await readFile(path, "utf8"), entries, partial);
  }
  const trainFraction = options.trainFraction ?? benchmark.trainFraction;
  if (trainFraction === undefined || split === "val")
    throw new ConfigError(
      trainFraction === undefined
        ? `${where}: expected trainFraction or lists for split '${split}', got neither, and no list is published. Give trainFraction, e.g. 0.1.`
        : `${where}: expected split train or test of a draw by trainFraction, got 'val'.`,
    );
  const labels = entries.map(({ label }) => label);
  const parts = stratifiedSplit(labels, { train: trainFraction, test: 1 - trainFraction }, seed);
  return Array.from(parts[split as "train" | "test"], (index) => entries[index] as Entry);
}

/** Lists name files; UC Merced's and EuroSAT's name other extensions than some archives hold. */
function selectListed(
  where: string,
  listPath: string,
  text: string,
  entries: readonly Entry[],
  partial: boolean,
): readonly Entry[] {
  const stem = (path: string): string => basename(path).replace(/\.[^.]+$/, "");
  const byStem = new Map(entries.map((entry) => [stem(entry.path), entry]));
  const names = text
    .split(/\r?\n/)
    .flatMap((line) => line.trim().split(/[\s,]+/, 1))
    .filter((name) => name !== "");
  const chosen = names.flatMap((name) => {
    const entry = byStem.get(stem(name));
    if (entry === undefined && !partial)
      throw new ConfigError(
        `${where}: expected the image '${name}' that '${listPath}' lists, got no such file. Fetch the benchmark again.`,
      );
    return entry ?? [];
  });
  if (chosen.length === 0)
    throw new ConfigError(`${where}: expected images that '${listPath}' lists, got none of ${names.length} names.`);
  return chosen;
}
