import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import { type Dataset, type DatasetSpec, type JsonValue, resample, type Sample, type Split } from "@graticule/data";
import { selectBands } from "../band-selection.js";
import { openRaster } from "../raster.js";
import { splitEntries } from "../split-entries.js";
import { ensureExtracted, ensureFile, type FetchOptions } from "./benchmark-files.js";
import { BIG_EARTH_NET_19, BIG_EARTH_NET_43, CORINE_TO_19 } from "./big-earth-net-classes.js";
import type { BenchmarkFile } from "./scene-benchmarks.js";

export interface BigEarthNetOptions extends FetchOptions {
  /** The folder that holds the extracted archives. */
  readonly root: string;
  /** Sentinel-1 (VV, VH), Sentinel-2 (12 bands), or both, Sentinel-1 first; "s2" if absent. */
  readonly sensors?: "s1" | "s2" | "both";
  /** 19 if absent. */
  readonly numClasses?: 19 | 43;
  /** The samples of one published split, or a share of the patches on disk; every patch on disk if absent. */
  readonly split?: Split;
  /** Shares the patches on disk out by a seed instead of by the published lists. */
  readonly splitFractions?: Readonly<Record<Split, number>>;
  /** Decides which patch goes where then; 0 if absent. */
  readonly seed?: number;
  /** Names of the bands to read; all if absent. */
  readonly bands?: readonly string[];
}

const SENSORS = {
  s1: {
    bands: ["VV", "VH"],
    folders: ["BigEarthNet-S1-v1.0", "S1"],
    archive: {
      name: "BigEarthNet-S1-v1.0.tar.gz",
      url: "https://zenodo.org/records/12687186/files/BigEarthNet-S1-v1.0.tar.gz",
      checksum: { algorithm: "md5", hex: "94ced73440dea8c7b9645ee738c5a172" },
    },
  },
  s2: {
    bands: "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12".split(" "),
    folders: ["BigEarthNet-v1.0", "S2"],
    archive: {
      name: "BigEarthNet-S2-v1.0.tar.gz",
      url: "https://zenodo.org/records/12687186/files/BigEarthNet-S2-v1.0.tar.gz",
      checksum: { algorithm: "md5", hex: "5a64e9ce38deb036a435a7b59494924c" },
    },
  },
} as const satisfies Record<string, { bands: readonly string[]; folders: readonly string[]; archive: BenchmarkFile }>;

type Sensor = keyof typeof SENSORS;

const SPLIT_BASE =
  "https://git.tu-berlin.de/rsim/BigEarthNet-MM_19-classes_models/-/raw/9a5be07346ab0884b2d9517475c27ef9db9b5104/splits";
const splitFile = (split: Split, hex: string): BenchmarkFile => ({
  name: `bigearthnet-${split}.csv`,
  url: `${SPLIT_BASE}/${split}.csv?inline=false`,
  checksum: { algorithm: "md5", hex },
});
const SPLIT_FILES: Readonly<Record<Split, BenchmarkFile>> = {
  train: splitFile("train", "623e501b38ab7b12fe44f0083c00986d"),
  val: splitFile("val", "22efe8ed9cbd71fa10742ff7df2b7978"),
  test: splitFile("test", "697fb90677e30571b9ac7699b7e5b432"),
};

/** Side of a patch, and of its bands at 10 m. Units: pixels. */
const PATCH_SIZE = 120;
const MAX_JSON_BYTES = 2 ** 20;

/** Names of a patch's folders by sensor. */
type Patch = Partial<Readonly<Record<Sensor | "split", string>>>;

/**
 * Opens BigEarthNet v1.0, the multi-label benchmark of Sentinel-1 and Sentinel-2 patches over Europe. Bands at 20 m
 * and 60 m are resampled to 10 m bilinearly. A sample's array `labels` holds 1 for each class that the patch has.
 *
 * Shape: pixels `[C, 120, 120]`; `labels` `[numClasses]`.
 * Source: Sumbul et al. 2019, arXiv:1902.06148; archives, splits and checksums as torchgeo
 * (`datasets/bigearthnet.py`) has them. No count of patches is checked: 590,326 make opening slow.
 *
 * @throws {ConfigError} that says what to fetch, or names a band or split that does not exist.
 * @throws {FormatError} if a download is damaged; a read of a broken patch rejects with one naming the file.
 */
export async function openBigEarthNet(options: BigEarthNetOptions): Promise<Dataset> {
  const { sensors = "s2", numClasses = 19, split } = options;
  const where = "openBigEarthNet";
  if (!["s1", "s2", "both"].includes(sensors))
    throw new ConfigError(`${where}: expected sensors s1, s2 or both, got '${sensors}'.`);
  if (numClasses !== 19 && numClasses !== 43)
    throw new ConfigError(`${where}: expected numClasses 19 or 43, got ${numClasses}.`);
  const used: readonly Sensor[] = sensors === "both" ? ["s1", "s2"] : [sensors];
  const folders = {} as Record<Sensor, string>;
  for (const sensor of used) folders[sensor] = await locateSensor(where, sensor, options);
  const allBands = used.flatMap((sensor) => SENSORS[sensor].bands.map((band) => ({ sensor, band })));
  const names = allBands.map(({ band }) => band);
  const bands = selectBands(where, names, options.bands).map((index) => allBands[index] as (typeof allBands)[0]);
  const isPublished = split !== undefined && options.splitFractions === undefined;
  const patches = isPublished
    ? await readSplit(where, split, options)
    : splitEntries(where, await listPatches(folders, used), options);
  if (patches.length === 0)
    throw new ConfigError(`${where}: expected patches in '${folders[used[0] as Sensor]}', got none.`);

  async function read(index: number): Promise<Sample> {
    const patch = patches[index];
    if (patch === undefined)
      throw new RangeError(`read: expected an index from 0 to ${patches.length - 1}, got ${index}.`);
    const area = PATCH_SIZE * PATCH_SIZE;
    const pixels = new Float32Array(bands.length * area);
    const folderOf = (sensor: Sensor): string => join(folders[sensor], patch[sensor] as string);
    for (const [position, { sensor, band }] of bands.entries())
      pixels.set(await readBand(join(folderOf(sensor), `${patch[sensor]}_${band}.tif`)), position * area);
    const sensor = used.at(-1) as Sensor;
    const { labels } = await readMetadata(join(folderOf(sensor), `${patch[sensor]}_labels_metadata.json`));
    const id = patch[sensor] as string;
    const data = encodeLabels(labels, numClasses);
    return {
      pixels,
      shape: [bands.length, PATCH_SIZE, PATCH_SIZE],
      id,
      arrays: { labels: { data, shape: [numClasses] } },
    };
  }

  const classNames = numClasses === 19 ? BIG_EARTH_NET_19 : BIG_EARTH_NET_43;
  return { length: patches.length, schema: bands.map(({ band }) => ({ name: band })), classNames, read };
}

/** How worker threads open the same benchmark; they find it on disk. */
export function bigEarthNetSpec(options: BigEarthNetOptions): DatasetSpec {
  return { module: import.meta.url, export: "openBigEarthNet", options: options as unknown as JsonValue };
}

async function locateSensor(where: string, sensor: Sensor, options: BigEarthNetOptions): Promise<string> {
  const { folders, archive } = SENSORS[sensor];
  const find = (): string | undefined =>
    folders.map((folder) => join(options.root, folder)).find((place) => existsSync(place));
  const found = find();
  if (found !== undefined) return found;
  await ensureExtracted(where, options.root, archive, options);
  const extracted = find();
  if (extracted === undefined)
    throw new ConfigError(`${where}: expected a folder '${folders[0]}' in ${archive.name}, got none.`);
  return extracted;
}

/** Every patch on disk, in the order of names; for both sensors, as Sentinel-1's metadata pairs them. */
async function listPatches(folders: Record<Sensor, string>, used: readonly Sensor[]): Promise<Patch[]> {
  const [first] = used as [Sensor];
  const names = (await readdir(folders[first], { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
  if (used.length === 1) return names.map((name) => ({ [first]: name }));
  const patches: Patch[] = [];
  for (const s1 of names) {
    const path = join(folders.s1, s1, `${s1}_labels_metadata.json`);
    const { corresponding_s2_patch: s2 } = await readMetadata(path);
    if (typeof s2 !== "string" || !/^\w+$/.test(s2))
      throw new FormatError(path, "the name of a patch as corresponding_s2_patch", JSON.stringify(s2));
    patches.push({ s1, s2 });
  }
  return patches;
}

/** Each line names a Sentinel-2 patch and its Sentinel-1 patch. */
async function readSplit(where: string, split: Split, options: BigEarthNetOptions): Promise<Patch[]> {
  const file = SPLIT_FILES[split];
  if (file === undefined) throw new ConfigError(`${where}: expected split train, val or test, got '${split}'.`);
  const path = await ensureFile(where, options.root, file, options);
  const lines = (await readFile(path, "utf8")).split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line, number) => {
    const [s2 = "", s1 = ""] = line.split(",").map((name) => name.trim());
    if (!/^\w+$/.test(s2) || !/^\w+$/.test(s1))
      throw new FormatError(path, `two names of patches in line ${number + 1}`, JSON.stringify(line.slice(0, 80)));
    return { s1, s2 };
  });
}

async function readBand(path: string): Promise<Float32Array> {
  const { width, height, readWindow } = await openRaster(path);
  const pixels = await readWindow({ row: 0, column: 0, width, height, bands: [0] });
  if (width === PATCH_SIZE && height === PATCH_SIZE) return pixels;
  if (width !== height || PATCH_SIZE % width !== 0)
    throw new FormatError(
      path,
      `${PATCH_SIZE}, ${PATCH_SIZE / 2} or ${PATCH_SIZE / 6} pixels a side`,
      `${width} by ${height}`,
    );
  const image = { pixels, shape: [1, height, width] as const };
  return resample(image, { row: 0, column: 0, height, width }, [PATCH_SIZE, PATCH_SIZE], "bilinear").pixels;
}

async function readMetadata(path: string): Promise<{ labels: number[]; corresponding_s2_patch?: unknown }> {
  const fail = (expected: string, got: string, cause?: unknown): never => {
    throw new FormatError(path, expected, got, "Fetch the benchmark again.", { cause });
  };
  const found = await stat(path).catch((cause) => fail("a readable file", cause.code ?? "an error", cause));
  if (found.size > MAX_JSON_BYTES) fail(`at most ${MAX_JSON_BYTES} bytes`, `${found.size}`);
  let parsed: { labels?: unknown; corresponding_s2_patch?: unknown } | null = null;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    fail("JSON", (cause as Error).message, cause);
  }
  const names = parsed?.labels;
  if (!Array.isArray(names)) return fail("a list 'labels'", JSON.stringify(names) ?? "none");
  const labels = names.map((name) => {
    const label = BIG_EARTH_NET_43.indexOf(name);
    return label >= 0 ? label : fail("labels among BigEarthNet's 43 classes", JSON.stringify(name));
  });
  return { labels, corresponding_s2_patch: parsed?.corresponding_s2_patch };
}

function encodeLabels(labels: readonly number[], numClasses: 19 | 43): Float32Array {
  const data = new Float32Array(numClasses);
  for (const label of labels) {
    const index = numClasses === 43 ? label : (CORINE_TO_19[label] as number);
    if (index >= 0) data[index] = 1;
  }
  return data;
}
