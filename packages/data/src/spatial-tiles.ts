import type { Box } from "./resample.js";
import { stratifiedSplit } from "./stratified-split.js";

export type Split = "train" | "val" | "test";

export const SPLITS: readonly Split[] = ["train", "val", "test"];

export interface SpatialTilesOptions {
  /** `[H, W]` of a tile in pixels. */
  readonly tileSize: readonly [number, number];
  /** `[rows, columns]` from one tile to the next; tileSize if absent. */
  readonly stride?: readonly [number, number];
  /** The tiles of one split; all of them if absent. */
  readonly split?: Split;
  /** Fractions of the scene's blocks; 0.7, 0.15, 0.15 if absent. */
  readonly splitFractions?: Readonly<Record<Split, number>>;
  /** Tiles along a block's side; neighbors in a block share a split. 3 if absent. */
  readonly blockTiles?: number;
  readonly seed?: number;
}

const DEFAULT_FRACTIONS: Readonly<Record<Split, number>> = { train: 0.7, val: 0.15, test: 0.15 };
const DEFAULT_BLOCK_TILES = 3;

/**
 * Lists the tiles of a scene, row by row. Splits are apart in space: the scene is divided into square blocks of tiles,
 * each block belongs to one split (seeded), and a tile that would touch blocks of two splits is left out. So no pixel
 * is seen in training and in testing, whatever the stride.
 */
export function* spatialTiles(
  scene: { readonly height: number; readonly width: number },
  options: SpatialTilesOptions,
): Generator<Box> {
  const { tileSize, stride = tileSize, split } = options;
  const [height, width] = tileSize;
  const splitAt = split === undefined ? undefined : spatialSplit(scene, options);
  for (let row = 0; row + height <= scene.height; row += stride[0])
    for (let column = 0; column + width <= scene.width; column += stride[1]) {
      const tile = { row, column, height, width };
      if (splitAt === undefined || splitAt(tile) === split) yield tile;
    }
}

/**
 * Gives each block of a scene its split; the function tells the split of any box no larger than a block, or undefined
 * where the box touches two splits.
 */
export function spatialSplit(
  scene: { readonly height: number; readonly width: number },
  options: SpatialTilesOptions,
): (box: Box) => Split | undefined {
  const { tileSize, splitFractions = DEFAULT_FRACTIONS, blockTiles = DEFAULT_BLOCK_TILES, seed = 0 } = options;
  const [blockHeight, blockWidth] = [tileSize[0] * blockTiles, tileSize[1] * blockTiles];
  const across = Math.ceil(scene.width / blockWidth);
  const down = Math.ceil(scene.height / blockHeight);
  const parts = stratifiedSplit(new Int32Array(across * down), splitFractions, seed);
  const splitOfBlock = new Map(SPLITS.flatMap((split) => Array.from(parts[split], (block) => [block, split] as const)));
  return (box) => {
    const touched = new Set<Split | undefined>();
    for (const row of [box.row, box.row + box.height - 1])
      for (const column of [box.column, box.column + box.width - 1])
        touched.add(splitOfBlock.get(Math.floor(row / blockHeight) * across + Math.floor(column / blockWidth)));
    return touched.size === 1 ? [...touched][0] : undefined;
  };
}
