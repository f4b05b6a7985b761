import { basename } from "node:path";
import { ConfigError, makeRandom } from "@graticule/core";
import {
  type Box,
  type ChannelSchema,
  type Dataset,
  type DatasetSpec,
  type Draw,
  expandPaths,
  type JsonValue,
  pickPlaces,
  type Sample,
  type SpatialTilesOptions,
  spatialSplit,
  spatialTiles,
} from "@graticule/data";
import { type Cube, type CubeOptions, DEFAULT_CACHE_BYTES } from "../cube.js";
import { fillWindow } from "../make-cube.js";
import { openCube } from "../open-cube.js";
import { type RangeNm, usableBands } from "../spectra/bands-by-wavelength.js";
import { centerLabel, type LabelRaster, majorityLabel, readLabels } from "./crop-labels.js";
import { assertCubeFits, cubeSchema } from "./cube-schema.js";

/** A cube and, for classification, its label raster; with `*` and `?` in the last part of both, several by name. */
export interface CubeSource {
  readonly path: string;
  readonly labels?: string;
}

export interface CubeCropsOptions extends Omit<SpatialTilesOptions, "tileSize"> {
  readonly cubes: readonly CubeSource[];
  /** `[H, W]` of a crop in pixels. */
  readonly cropSize: readonly [number, number];
  /** `grid` (if absent) cuts the cubes into tiles; `random` draws each crop's place anew in every epoch. */
  readonly placing?: "grid" | "random";
  /** Crops of an epoch with random places; as many as the grid has if absent. */
  readonly cropsPerEpoch?: number;
  /** Zero-based band indices; the bands that the files don't mark as bad if absent. */
  readonly bands?: readonly number[];
  /** Keep only bands in these ranges. Units: nm. */
  readonly ranges?: readonly RangeNm[];
  /** Drop bands in these ranges, e.g. `waterVaporRangesNm`. Units: nm. */
  readonly exclude?: readonly RangeNm[];
  /** Which pixels name a crop's class: `center` (if absent) or the `majority`. */
  readonly labelFrom?: "center" | "majority";
  /** The value of unlabelled pixels; crops that get no label are left out. */
  readonly ignoreLabel?: number;
  /** Names of the classes by rising label value; the values themselves if absent. */
  readonly classNames?: readonly string[];
  /** How the cubes are opened; `cacheBytes` is shared among them. */
  readonly open?: CubeOptions;
}

/** A dataset of crops. With labels, label i stands for `labelValues[i]` of the rasters. */
export interface CubeCrops extends Dataset {
  readonly cubes: readonly Cube[];
  /** Indices of the bands that samples hold. */
  readonly bands: readonly number[];
  readonly labelValues?: readonly number[];
  /** Lets go of the files. */
  close(): Promise<void>;
}

interface Crop extends Box {
  readonly cube: number;
}

/** Draws before a random crop falls back on a place of the grid; splits leave some 7 % of places in the worst case. */
const MAX_DRAWS = 1000;

/**
 * Opens spatial crops of hyperspectral cubes over all their usable bands. Splits are apart in space (`spatialTiles`),
 * for random places too: no pixel is in two splits. A random crop is a function of seed, epoch and index alone.
 *
 * @throws {FormatError} if a file is broken. @throws {MismatchError} if cubes or labels don't fit each other.
 * @throws {ConfigError} if no crop fits or is left.
 */
export async function openCubeCrops(options: CubeCropsOptions): Promise<CubeCrops> {
  const { cropSize, placing = "grid", ignoreLabel } = options;
  const [height, width] = cropSize;
  const sources = await expandSources(options.cubes);
  for (const [name, pair] of Object.entries({ cropSize, stride: options.stride ?? cropSize }))
    if (!(Array.isArray(pair) && pair.length === 2 && pair.every((side) => Number.isInteger(side) && side > 0)))
      throw new ConfigError(`openCubeCrops: expected ${name} [rows, columns] above zero, got ${JSON.stringify(pair)}.`);
  const cacheBytes = Math.floor((options.open?.cacheBytes ?? DEFAULT_CACHE_BYTES) / sources.length);
  const cubes: Cube[] = [];
  for (const { path } of sources) cubes.push(await openCube(path, { ...options.open, cacheBytes }));
  const { bands, schema } = chooseBands(cubes, options);
  const labels = await readAllLabels(sources, cubes, ignoreLabel);
  const classes = labels && nameClasses(labels, options.classNames);
  const labelAt = ({ cube, ...box }: Crop): number =>
    (options.labelFrom === "majority" ? majorityLabel : centerLabel)(
      (labels as LabelRaster[])[cube] as LabelRaster,
      box,
    );

  const tiling = { ...options, tileSize: cropSize };
  const grid = cubes.flatMap((cube, index) =>
    Array.from(spatialTiles(cube, tiling), (tile): Crop => ({ ...tile, cube: index })).filter(
      (crop) => labels === undefined || labelAt(crop) >= 0,
    ),
  );
  if (grid.length === 0)
    throw new ConfigError(
      `openCubeCrops: expected crops of ${height} by ${width} pixels in ${cubes.map((cube) => `${cube.height} by ${cube.width}`).join(", ")} for split ${options.split ?? "all"}${labels ? " with labels" : ""}, got none. Choose smaller crops or smaller blockTiles.`,
    );
  const drawCrop = placing === "random" ? makeCropDraw(cubes, grid, tiling, labels && labelAt) : undefined;
  const length = drawCrop ? (options.cropsPerEpoch ?? grid.length) : grid.length;

  const close = async (): Promise<void> => {
    for (const cube of cubes) await cube.close();
  };

  function withBands(own: readonly number[], ownSchema: ChannelSchema): Omit<CubeCrops, "selectChannels"> {
    const shape: Sample["shape"] = [own.length, height, width];

    async function readInto(
      index: number,
      pixels: Float32Array,
      draw: Draw = { seed: 0, epoch: 0 },
    ): Promise<Omit<Sample, "pixels" | "shape">> {
      if (!(Number.isInteger(index) && index >= 0 && index < length))
        throw new RangeError(`read: expected an index from 0 to ${length - 1}, got ${index}.`);
      const crop = drawCrop ? drawCrop(index, draw) : (grid[index] as Crop);
      const { cube, row, column } = crop;
      const source = cubes[cube] as Cube;
      await fillWindow(source, { row, column, height, width, bands: own }, pixels);
      const id = `${basename(source.path)}@${row},${column}`;
      return classes ? { id, label: classes.labelValues.indexOf(labelAt(crop)) } : { id };
    }

    async function read(index: number, draw?: Draw): Promise<Sample> {
      const pixels = new Float32Array(own.length * height * width);
      return { ...(await readInto(index, pixels, draw)), pixels, shape };
    }

    return { length, schema: ownSchema, read, direct: { shape, readInto }, cubes, bands: own, close, ...classes };
  }

  return {
    ...withBands(bands, schema),
    selectChannels: (places) => withBands(pickPlaces(bands, places), pickPlaces(schema, places)),
  };
}

/** One source for each file that the patterns stand for; labels go with cubes in the order of their names. */
async function expandSources(sources: readonly CubeSource[]): Promise<CubeSource[]> {
  if (sources.length === 0) throw new ConfigError("openCubeCrops: expected at least one cube, got none.");
  const expanded: CubeSource[] = [];
  for (const { path, labels } of sources) {
    const paths = await expandPaths("openCubeCrops", path);
    const labelPaths = labels === undefined ? [] : await expandPaths("openCubeCrops", labels);
    if (labels !== undefined && labelPaths.length !== paths.length)
      throw new ConfigError(
        `openCubeCrops: expected as many files at '${labels}' as at '${path}', ${paths.length}, got ${labelPaths.length}.`,
      );
    for (const [index, each] of paths.entries()) {
      const own = labelPaths[index];
      expanded.push({ path: each, ...(own !== undefined && { labels: own }) });
    }
  }
  return expanded;
}

/** How worker threads open the same crops. */
export function cubeCropsSpec(options: CubeCropsOptions): DatasetSpec {
  return { module: import.meta.url, export: "openCubeCrops", options: options as unknown as JsonValue };
}

function chooseBands(
  cubes: readonly Cube[],
  { bands: wanted, ranges, exclude }: CubeCropsOptions,
): { bands: readonly number[]; schema: ChannelSchema } {
  const first = cubes[0] as Cube;
  const bad = wanted?.find((band) => !(Number.isInteger(band) && band >= 0 && band < first.bands));
  if (bad !== undefined || wanted?.length === 0)
    throw new ConfigError(
      `openCubeCrops: expected bands from 0 to ${first.bands - 1}, got ${bad ?? "none"}. Bands are counted from 0.`,
    );
  const usable = usableBands(first, { ...(ranges && { ranges }), ...(exclude && { exclude }) });
  const bands = wanted ?? usable;
  const schema = cubeSchema(first, bands);
  for (const cube of cubes.slice(1)) assertCubeFits(schema, cube, bands);
  return { bands, schema };
}

async function readAllLabels(
  sources: readonly CubeSource[],
  cubes: readonly Cube[],
  ignoreLabel: number | undefined,
): Promise<LabelRaster[] | undefined> {
  const labelled = sources.filter((source) => source.labels !== undefined);
  if (labelled.length === 0) return undefined;
  if (labelled.length < sources.length)
    throw new ConfigError(
      `openCubeCrops: expected labels for every cube or for none, got ${labelled.length} of ${sources.length}. Leave out the cubes without.`,
    );
  const labels: LabelRaster[] = [];
  for (const [index, source] of sources.entries())
    labels.push(await readLabels(source.labels as string, cubes[index] as Cube, ignoreLabel));
  return labels;
}

/** The classes of all cubes and splits, so that a label means the same in each. */
function nameClasses(
  labels: readonly LabelRaster[],
  names: readonly string[] | undefined,
): { labelValues: number[]; classNames: readonly string[] } {
  const found = new Set<number>();
  for (const { values } of labels) for (const value of values) if (value >= 0) found.add(value);
  const labelValues = [...found].sort((a, b) => a - b);
  if (names !== undefined && names.length !== labelValues.length)
    throw new ConfigError(
      `openCubeCrops: expected classNames for the label values ${labelValues.join(", ")}, got ${names.length} names. Name each value, or set ignoreLabel.`,
    );
  return { labelValues, classNames: names ?? labelValues.map(String) };
}

/** Makes the function that draws a crop's place: any in the split, cubes by their number of places. */
function makeCropDraw(
  cubes: readonly Cube[],
  grid: readonly Crop[],
  tiling: SpatialTilesOptions,
  labelAt: ((crop: Crop) => number) | undefined,
): (index: number, draw: Draw) => Crop {
  const [height, width] = tiling.tileSize;
  const rows = cubes.map((cube) => Math.max(0, cube.height - height + 1));
  const columns = cubes.map((cube) => Math.max(0, cube.width - width + 1));
  const places = cubes.map((_, cube) => (rows[cube] as number) * (columns[cube] as number));
  const total = places.reduce((sum, count) => sum + count, 0);
  const splits = cubes.map((cube) => (tiling.split === undefined ? undefined : spatialSplit(cube, tiling)));
  return (index, { seed, epoch }) => {
    const random = makeRandom(seed, "cubeCrops", epoch, index);
    for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
      let place = Math.floor(random.float() * total);
      let cube = 0;
      while (place >= (places[cube] as number)) place -= places[cube++] as number;
      const across = columns[cube] as number;
      const crop = { cube, row: Math.floor(place / across), column: place % across, height, width };
      const inSplit = splits[cube] === undefined || splits[cube]?.(crop) === tiling.split;
      if (inSplit && (labelAt === undefined || labelAt(crop) >= 0)) return crop;
    }
    return grid[random.integer(grid.length)] as Crop;
  };
}
