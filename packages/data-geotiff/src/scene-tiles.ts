import { basename } from "node:path";
import { ConfigError } from "@graticule/core";
import {
  type Box,
  type ChannelSchema,
  type Dataset,
  type DatasetSpec,
  type JsonValue,
  pickPlaces,
  type Sample,
  type SampleArray,
  type SpatialTilesOptions,
  spatialTiles,
} from "@graticule/data";
import { type BandSelection, selectBands } from "./band-selection.js";
import { openRaster, type Raster } from "./raster.js";
import { makeSpectralLabeler, SPECTRAL_CLASSES, type SpectralLabelBands } from "./spectral-labels.js";
import { assertSameSize, TARGET } from "./targets/raster-pairs.js";

export interface SceneTilesOptions extends SpatialTilesOptions {
  readonly path: string;
  readonly bands?: BandSelection;
  /** Names, units and wavelengths of the selected bands, where the file doesn't tell. */
  readonly schema?: ChannelSchema;
  /** Least fraction of a tile's values that are not nodata; 0 if absent, which keeps every tile. */
  readonly minValidFraction?: number;
  /** Bands to make weak labels from; tiles have no labels if absent. */
  readonly weakLabels?: SpectralLabelBands;
  /** A raster of as many pixels that says something of each, such as its class: the tiles' arrays `target`. */
  readonly target?: string;
}

/** A dataset of tiles; `tiles[i]` is where sample i lies in the raster. */
export interface SceneTiles extends Dataset {
  readonly tiles: readonly Box[];
  readonly raster: Raster;
}

/**
 * Cuts a big raster into tiles; splits are apart in space (`spatialTiles`).
 *
 * With `minValidFraction` every tile is read once at opening.
 *
 * @throws {FormatError} if the file can't be read. @throws {ConfigError} if no tile fits or is left.
 */
export async function openSceneTiles(options: SceneTilesOptions): Promise<SceneTiles> {
  const { path, tileSize, stride = tileSize, minValidFraction = 0 } = options;
  for (const [name, pair] of Object.entries({ tileSize, stride }))
    if (!(Array.isArray(pair) && pair.length === 2 && pair.every((side) => Number.isInteger(side) && side > 0)))
      throw new ConfigError(
        `openSceneTiles: expected ${name} [rows, columns] above zero, got ${JSON.stringify(pair)}.`,
      );
  const raster = await openRaster(path);
  const selected = selectBands(path, raster.bandNames, options.bands);
  const schema = options.schema ?? selected.map((band) => ({ name: raster.bandNames[band] as string }));
  if (schema.length !== selected.length)
    throw new ConfigError(
      `openSceneTiles: expected a schema of ${selected.length} channels, one for each band selected, got ${schema.length}.`,
    );
  const tiles: Box[] = [];
  for (const tile of spatialTiles(raster, options))
    if (
      minValidFraction === 0 ||
      validFraction(await raster.readWindow({ ...tile, bands: selected })) >= minValidFraction
    )
      tiles.push(tile);
  if (tiles.length === 0)
    throw new ConfigError(
      `openSceneTiles: expected tiles of ${tileSize.join(" by ")} pixels in ${raster.height} by ${raster.width} of '${path}' for split ${options.split ?? "all"}, got none. Choose smaller tiles, smaller blockTiles or a lower minValidFraction.`,
    );

  const target = options.target === undefined ? undefined : await openTarget(options.target, raster);
  const labelOf = options.weakLabels && makeSpectralLabeler(schema, options.weakLabels);
  function withBands(own: readonly number[], ownSchema: ChannelSchema): Dataset {
    const shape: Sample["shape"] = [own.length, ...tileSize];
    async function readInto(index: number, pixels: Float32Array): Promise<Omit<Sample, "pixels" | "shape">> {
      const tile = tiles[index];
      if (tile === undefined)
        throw new RangeError(`read: expected an index from 0 to ${tiles.length - 1}, got ${index}.`);
      await raster.readWindow({ ...tile, bands: own }, pixels);
      return {
        id: `${basename(path)}@${tile.row},${tile.column}`,
        ...(labelOf && { label: labelOf(pixels) }),
        ...(target && { arrays: { [TARGET]: await target(tile) } }),
      };
    }
    async function read(index: number): Promise<Sample> {
      const pixels = new Float32Array(own.length * tileSize[0] * tileSize[1]);
      return { ...(await readInto(index, pixels)), pixels, shape };
    }
    return { length: tiles.length, schema: ownSchema, read, direct: { shape, readInto } };
  }

  const all = { ...withBands(selected, schema), tiles, raster };
  if (labelOf) return { ...all, classNames: SPECTRAL_CLASSES }; // Labels come of the bands.
  return { ...all, selectChannels: (places) => withBands(pickPlaces(selected, places), pickPlaces(schema, places)) };
}

/** How worker threads open the same tiles. */
export function sceneTilesSpec(options: SceneTilesOptions): DatasetSpec {
  return { module: import.meta.url, export: "openSceneTiles", options: options as unknown as JsonValue };
}

/** @throws {FormatError} if its size is not the scene's. */
async function openTarget(path: string, scene: Raster): Promise<(tile: Box) => Promise<SampleArray>> {
  const raster = await openRaster(path);
  assertSameSize(path, raster, scene);
  return async (tile) => {
    const data = await raster.readWindow(tile);
    return { data, shape: [raster.bands, tile.height, tile.width], onPixels: true };
  };
}

function validFraction(pixels: Float32Array): number {
  let valid = 0;
  for (const value of pixels) if (!Number.isNaN(value)) valid += 1;
  return valid / pixels.length;
}
