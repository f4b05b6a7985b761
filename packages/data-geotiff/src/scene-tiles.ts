import { basename } from "node:path";
import { ConfigError } from "@graticule/core";
import {
  type Box,
  type ChannelSchema,
  type Dataset,
  type DatasetSpec,
  type JsonValue,
  type Sample,
  stratifiedSplit,
} from "@graticule/data";
import { type BandSelection, selectBands } from "./band-selection.js";
import { SPLITS, type Split } from "./folder-listing.js";
import { openRaster, type Raster } from "./raster.js";
import { makeSpectralLabeler, SPECTRAL_CLASSES, type SpectralLabelBands } from "./spectral-labels.js";

export interface SceneTilesOptions {
  readonly path: string;
  /** `[H, W]` of a tile in pixels. */
  readonly tileSize: readonly [number, number];
  /** `[rows, columns]` from one tile to the next; tileSize if absent. */
  readonly stride?: readonly [number, number];
  readonly bands?: BandSelection;
  /** Names, units and wavelengths of the selected bands, where the file doesn't tell. */
  readonly schema?: ChannelSchema;
  /** Least fraction of a tile's values that are not nodata; 0 if absent, which keeps every tile. */
  readonly minValidFraction?: number;
  /** The tiles of one split; all of them if absent. */
  readonly split?: Split;
  /** Fractions of the scene's blocks; 0.7, 0.15, 0.15 if absent. */
  readonly splitFractions?: Readonly<Record<Split, number>>;
  /** Tiles along a block's side; neighbors in a block share a split. 3 if absent. */
  readonly blockTiles?: number;
  readonly seed?: number;
  /** Bands to make weak labels from; tiles have no labels if absent. */
  readonly weakLabels?: SpectralLabelBands;
}

/** A dataset of tiles; `tiles[i]` is where sample i lies in the raster. */
export interface SceneTiles extends Dataset {
  readonly tiles: readonly Box[];
  readonly raster: Raster;
}

const DEFAULT_FRACTIONS: Readonly<Record<Split, number>> = { train: 0.7, val: 0.15, test: 0.15 };
const DEFAULT_BLOCK_TILES = 3;

/**
 * Cuts a big raster into tiles. Splits are apart in space: the scene is divided into square blocks of tiles, each
 * block belongs to one split (seeded), and a tile that would touch blocks of two splits is left out. So no pixel is
 * seen in training and in testing, whatever the stride.
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
  const readTile = (tile: Box): Promise<Float32Array> => raster.readWindow({ ...tile, bands: selected });
  const tiles: Box[] = [];
  for (const tile of tilesOfSplit(raster, options))
    if (minValidFraction === 0 || validFraction(await readTile(tile)) >= minValidFraction) tiles.push(tile);
  if (tiles.length === 0)
    throw new ConfigError(
      `openSceneTiles: expected tiles of ${tileSize.join(" by ")} pixels in ${raster.height} by ${raster.width} of '${path}' for split ${options.split ?? "all"}, got none. Choose smaller tiles, smaller blockTiles or a lower minValidFraction.`,
    );

  const labelOf = options.weakLabels && makeSpectralLabeler(schema, options.weakLabels);
  async function read(index: number): Promise<Sample> {
    const tile = tiles[index];
    if (tile === undefined)
      throw new RangeError(`read: expected an index from 0 to ${tiles.length - 1}, got ${index}.`);
    const id = `${basename(path)}@${tile.row},${tile.column}`;
    const pixels = await readTile(tile);
    const sample: Sample = { pixels, shape: [schema.length, ...tileSize], id };
    return labelOf ? { ...sample, label: labelOf(pixels) } : sample;
  }

  return { length: tiles.length, schema, ...(labelOf && { classNames: SPECTRAL_CLASSES }), read, tiles, raster };
}

/** How worker threads open the same tiles. */
export function sceneTilesSpec(options: SceneTilesOptions): DatasetSpec {
  return { module: import.meta.url, export: "openSceneTiles", options: options as unknown as JsonValue };
}

function* tilesOfSplit(raster: Raster, options: SceneTilesOptions): Generator<Box> {
  const { tileSize, stride = tileSize, split } = options;
  const [height, width] = tileSize;
  const splitAt = split === undefined ? undefined : assignBlocks(raster, options);
  for (let row = 0; row + height <= raster.height; row += stride[0])
    for (let column = 0; column + width <= raster.width; column += stride[1]) {
      const tile = { row, column, height, width };
      if (splitAt === undefined || splitAt(tile) === split) yield tile;
    }
}

/** Gives each block a split; the function tells the split of a tile, or undefined where a tile touches two. */
function assignBlocks(raster: Raster, options: SceneTilesOptions): (tile: Box) => Split | undefined {
  const { tileSize, splitFractions = DEFAULT_FRACTIONS, blockTiles = DEFAULT_BLOCK_TILES, seed = 0 } = options;
  const [blockHeight, blockWidth] = [tileSize[0] * blockTiles, tileSize[1] * blockTiles];
  const across = Math.ceil(raster.width / blockWidth);
  const down = Math.ceil(raster.height / blockHeight);
  const parts = stratifiedSplit(new Int32Array(across * down), splitFractions, seed);
  const splitOfBlock = new Map(SPLITS.flatMap((split) => Array.from(parts[split], (block) => [block, split] as const)));
  return (tile) => {
    const touched = new Set<Split | undefined>();
    for (const row of [tile.row, tile.row + tile.height - 1])
      for (const column of [tile.column, tile.column + tile.width - 1])
        touched.add(splitOfBlock.get(Math.floor(row / blockHeight) * across + Math.floor(column / blockWidth)));
    return touched.size === 1 ? [...touched][0] : undefined;
  };
}

function validFraction(pixels: Float32Array): number {
  let valid = 0;
  for (const value of pixels) if (!Number.isNaN(value)) valid += 1;
  return valid / pixels.length;
}
