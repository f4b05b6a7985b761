import { basename } from "node:path";
import { ConfigError, makeRandom } from "@graticule/core";
import type { Dataset, DatasetSpec, Draw, JsonValue, Sample, SampleArray } from "@graticule/data";
import { type BandSelection, selectBands } from "../band-selection.js";
import { offsetTransform, toMap } from "../grid/geo-transform.js";
import { type Bounds, boundsIn, type Grid } from "../grid/grid.js";
import type { GridMethod } from "../grid/resample-to-grid.js";
import { collectClassPoints } from "./class-points.js";
import {
  listGridPlaces,
  makeBalancedSampler,
  makeRandomSampler,
  type PatchArea,
  type PatchPlace,
} from "./patch-sampler.js";
import { readPatch } from "./read-patch.js";
import { isWithin, makeLocator, openScenes, type Scene, type ScenePaths } from "./scenes.js";

/** Scenes of one kind: images, labels, heights. */
export interface PatchLayer {
  readonly name: string;
  readonly scenes: ScenePaths;
  /** Bands to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
  /** How pixels are made where the layer's grid is another; "bilinear" if absent. Classes need "nearest". */
  readonly method?: GridMethod;
  /** Channels of the sample's pixels, or an array under the layer's name; "channels" if absent. */
  readonly as?: "channels" | "array";
}

/**
 * Which patches are read. `random`: `length` draws an epoch, each part of the ground as likely as any other. `grid`:
 * all, `stride` apart. `balanced`: draws that hold a pixel of a class of the layer named, each class as likely as the
 * others; the sample's label is the class. (torchgeo: RandomGeoSampler, GridGeoSampler.)
 */
export type PatchSampler =
  | { readonly kind: "random"; readonly length: number }
  | { readonly kind: "grid"; readonly stride?: readonly [rows: number, columns: number] }
  | {
      readonly kind: "balanced";
      readonly length: number;
      /** Name of the layer that holds classes in its first band read. */
      readonly layer: string;
      /** Values that count; all but nodata if absent. */
      readonly classes?: readonly number[];
      /** Seeds which pixels are remembered where classes are large; 0 if absent. */
      readonly seed?: number;
    };

export interface GeoPatchesOptions {
  /** The first layer's scenes give the grid that the others are resampled onto. */
  readonly layers: readonly PatchLayer[];
  /** Patches where all layers have a scene at their center, or where any has; "intersection" if absent. */
  readonly combine?: "intersection" | "union";
  /** Units: pixels of the first layer. */
  readonly size: readonly [height: number, width: number];
  readonly sampler: PatchSampler;
  /** `[west, south, east, north]` in degrees that patches' centers lie in; everywhere if absent. */
  readonly region?: readonly [west: number, south: number, east: number, north: number];
}

interface OpenLayer extends Pick<PatchLayer, "name"> {
  readonly scenes: readonly Scene[];
  readonly bands: readonly number[];
  readonly method: GridMethod;
  readonly isArray: boolean;
}

/**
 * Opens patches of scenes by geography: one layer, or several with their own grids and coordinate systems, resampled
 * onto the first one's. Which patch an index stands for is a function of seed, epoch and index; with a grid, of the
 * index alone. Pixels that no scene covers are NaN.
 *
 * Shape: pixels `[C, H, W]`, the layers' bands in order; arrays of layers `[C, H, W]`.
 *
 * @throws {ConfigError} if a layer has no scene, or no patch fits. @throws {FormatError} if a scene is broken.
 */
export async function openGeoPatches(options: GeoPatchesOptions): Promise<Dataset> {
  const { combine = "intersection", size, sampler } = options;
  assertOptions(options);
  const layers = await Promise.all(options.layers.map(openLayer));
  const [first, ...others] = layers as [OpenLayer, ...OpenLayer[]];
  const own = first.scenes.map(({ grid }) => grid);
  const grids =
    combine === "intersection"
      ? own
      : [...own, ...others.flatMap(({ scenes }) => scenes.map(({ grid }) => coveringGrid(grid, own[0] as Grid, size)))];
  const coverages = combine === "intersection" ? others.map(({ scenes }) => makeCoverage(scenes)) : [];
  const region: Bounds | undefined = options.region;
  const accepts = (longitude: number, latitude: number): boolean =>
    coverages.every((covers) => covers(longitude, latitude));
  const area: PatchArea = { grids, size, region, accepts };
  const { length, placeOf, classes } = await openSampler(area, sampler, layers);
  const channelLayers = layers.filter(({ isArray }) => !isArray);
  const schema = channelLayers.flatMap(({ name, scenes, bands }) =>
    bands.map((band) => {
      const bandName = (scenes[0] as Scene).raster.bandNames[band] as string;
      return { name: channelLayers.length > 1 ? `${name}/${bandName}` : bandName };
    }),
  );

  async function read(index: number, draw: Draw = { seed: 0, epoch: 0 }): Promise<Sample> {
    if (!(index >= 0 && index < length))
      throw new RangeError(`read: expected an index from 0 to ${length - 1}, got ${index}.`);
    const place = placeOf(index, draw);
    const { row, column, height, width } = place.window;
    const { crs, transform } = grids[place.grid] as Grid;
    const grid: Grid = { crs, transform: offsetTransform(transform, column, row), height, width };
    const pixels = new Float32Array(schema.length * height * width);
    const arrays: Record<string, SampleArray> = {};
    let at = 0;
    for (const layer of layers) {
      // The scene that the window was drawn in goes before others that overlap it.
      const scene = layer === first ? first.scenes[place.grid] : undefined;
      const scenes = scene ? [scene, ...layer.scenes.filter((other) => other !== scene)] : layer.scenes;
      const data = await readPatch(scenes, grid, layer.bands, layer.method);
      if (layer.isArray) arrays[layer.name] = { data, shape: [layer.bands.length, height, width] };
      else {
        pixels.set(data, at);
        at += data.length;
      }
    }
    const source = first.scenes[place.grid]?.raster.path;
    const id = `${source ? basename(source) : `${crs.name} ${toMap(transform, column, row).join(" ")}`}@${row},${column}`;
    return {
      pixels,
      shape: [schema.length, height, width],
      id,
      ...(place.label !== undefined && { label: place.label }),
      ...(Object.keys(arrays).length > 0 && { arrays }),
    };
  }

  return { length, schema, ...(classes && { classNames: classes.map(String) }), read };
}

/** How worker threads open the same patches. */
export function geoPatchesSpec(options: GeoPatchesOptions): DatasetSpec {
  return { module: import.meta.url, export: "openGeoPatches", options: options as unknown as JsonValue };
}

function assertOptions({ layers, combine = "intersection", size, sampler }: GeoPatchesOptions): void {
  const fail = (expected: string, got: unknown): never => {
    throw new ConfigError(`openGeoPatches: expected ${expected}, got ${JSON.stringify(got)}.`);
  };
  const names = layers.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size < names.length) fail("layers of different names, one at least", names);
  if (layers.every(({ as }) => as === "array")) fail('a layer whose "as" is "channels"', "arrays only");
  if (combine !== "intersection" && combine !== "union") fail("combine intersection or union", combine);
  const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
  if (!size.every(isCount)) fail("a size of whole pixels", size);
  if (sampler.kind === "grid") {
    if (!(sampler.stride ?? size).every(isCount)) fail("a stride of whole pixels", sampler.stride);
  } else if (sampler.kind !== "random" && sampler.kind !== "balanced")
    fail("a random, grid or balanced sampler", sampler);
  else if (!isCount(sampler.length)) fail("a sampler's length from 1", sampler.length);
  if (sampler.kind === "balanced" && !names.includes(sampler.layer))
    fail(`a layer among ${names.join(", ")}`, sampler.layer);
}

async function openLayer({ name, scenes: from, bands, method = "bilinear", as }: PatchLayer): Promise<OpenLayer> {
  const scenes = await openScenes(from);
  const { raster } = scenes[0] as Scene;
  return { name, scenes, bands: selectBands(raster.path, raster.bandNames, bands), method, isArray: as === "array" };
}

/** The pixels of the first layer that cover a scene elsewhere: same system, same size, same corner lines. */
function coveringGrid(grid: Grid, first: Grid, size: readonly [number, number]): Grid {
  const [left, bottom, right, top] = boundsIn(grid, first.crs);
  const [originX, width, , originY, , height] = first.transform;
  const column = Math.floor((left - originX) / width);
  const row = Math.floor((top - originY) / height);
  return {
    crs: first.crs,
    transform: offsetTransform(first.transform, column, row),
    width: Math.max(size[1], Math.ceil((right - originX) / width) - column),
    height: Math.max(size[0], Math.ceil((bottom - originY) / height) - row),
  };
}

/** Tells whether a place in degrees lies in one of the scenes. */
function makeCoverage(scenes: readonly Scene[]): (longitude: number, latitude: number) => boolean {
  const located = scenes.map(({ grid, bounds }) => ({ grid, bounds, locator: makeLocator(grid) }));
  return (longitude, latitude) =>
    located.some(({ grid, bounds, locator }) => {
      if (!isWithin(bounds, longitude, latitude)) return false;
      const [column, row] = locator.toPixel(longitude, latitude);
      return column >= 0 && row >= 0 && column < grid.width && row < grid.height;
    });
}

interface OpenSampler {
  readonly length: number;
  readonly placeOf: (index: number, draw: Draw) => PatchPlace;
  readonly classes?: readonly number[];
}

async function openSampler(area: PatchArea, sampler: PatchSampler, layers: readonly OpenLayer[]): Promise<OpenSampler> {
  if (sampler.kind === "grid") {
    const places = listGridPlaces(area, sampler.stride ?? area.size);
    return { length: places.length, placeOf: (index) => places[index] as PatchPlace };
  }
  const random = ({ seed, epoch }: Draw, index: number) => makeRandom(seed, "patch", epoch, index);
  if (sampler.kind === "random") {
    const draw = makeRandomSampler(area);
    draw(random({ seed: 0, epoch: 0 }, 0)); // Fails now rather than in training if nothing fits.
    return { length: sampler.length, placeOf: (index, at) => draw(random(at, index)) };
  }
  const { scenes, bands } = layers.find(({ name }) => name === sampler.layer) as OpenLayer;
  const points = await collectClassPoints(scenes, bands[0] as number, sampler.classes, sampler.seed ?? 0);
  const draw = makeBalancedSampler(area, points);
  draw(random({ seed: 0, epoch: 0 }, 0));
  return { length: sampler.length, placeOf: (index, at) => draw(random(at, index)), classes: points.classes };
}
