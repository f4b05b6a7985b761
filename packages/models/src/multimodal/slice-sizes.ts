import { checkPositive } from "../vit/config.js";
import type { PatchGrid } from "./vision-positions.js";

export interface SliceOptions {
  /** Slices at most beside the overview. */
  readonly maxSlices: number;
  /** Pixels along the side of a square of a slice's area. */
  readonly sliceSide: number;
  /** P, pixels, which divides all sides. */
  readonly patchSize: number;
}

/** MiniCPM-V's: an overview and up to 9 slices of the area of 448 × 448 pixels. */
export const defaultSlices: SliceOptions = { maxSlices: 9, sliceSide: 448, patchSize: 14 };

/** What an image is resized to before the vision tower, [H, W] in pixels. */
export interface SliceSizes {
  /** The whole image, small. */
  readonly overview: readonly [number, number];
  /** The image before it is cut, and into how many slices; undefined for an image that the overview shows well enough. */
  readonly sliced: { readonly size: readonly [number, number]; readonly grid: PatchGrid } | undefined;
}

/**
 * Decides how an image is cut: into about as many slices as its area has slice areas, in the grid whose shape is nearest
 * to the image's, each of about a slice's area and the sides divisible by patches.
 *
 * Units: pixels; [H, W].
 * Source: Yao et al. 2024 (MiniCPM-V), arXiv:2408.01800, as its processor does it.
 *
 * @throws {RangeError} if a length is not a positive whole number.
 */
export function sliceSizes(imageSize: readonly [number, number], options: SliceOptions = defaultSlices): SliceSizes {
  const { maxSlices, sliceSide } = options;
  for (const [field, value] of Object.entries({
    "imageSize[0]": imageSize[0],
    "imageSize[1]": imageSize[1],
    ...options,
  }))
    checkPositive("sliceSizes", field, value);
  const [height, width] = imageSize;
  const wanted = Math.min(Math.ceil((height * width) / sliceSide ** 2), maxSlices);
  if (wanted <= 1) return { overview: fittingSize(imageSize, options, true), sliced: undefined };
  const overview = fittingSize(imageSize, options, false);
  const grid = nearestGrid(imageSize, wanted, maxSlices);
  const [rows, columns] = grid;
  const cell = [nearestMultiple(height, rows) / rows, nearestMultiple(width, columns) / columns] as const;
  const [cellHeight, cellWidth] = fittingSize(cell, options, true);
  return { overview, sliced: { size: [cellHeight * rows, cellWidth * columns], grid } };
}

/** The size of the same shape with at most, or with `enlarge` about, a slice's area, in whole patches. */
function fittingSize(
  [height, width]: readonly [number, number],
  { sliceSide, patchSize }: SliceOptions,
  enlarge: boolean,
): [number, number] {
  let size: readonly [number, number] = [height, width];
  if (height * width > sliceSide ** 2 || enlarge) {
    const ratio = width / height;
    const fitted = Math.trunc(sliceSide / Math.sqrt(ratio));
    size = [fitted, Math.trunc(fitted * ratio)];
  }
  return [nearestMultiple(size[0], patchSize), nearestMultiple(size[1], patchSize)];
}

/** At least one; halves go to the even count, as Python rounds. */
function nearestMultiple(length: number, unit: number): number {
  const count = length / unit;
  const below = Math.floor(count);
  const isUp = count - below > 0.5 || (count - below === 0.5 && below % 2 === 1);
  return Math.max((isUp ? below + 1 : below) * unit, unit);
}

/** Of the grids of one slice fewer to one more than wanted, the first whose shape is nearest to the image's. */
function nearestGrid([height, width]: readonly [number, number], wanted: number, maxSlices: number): PatchGrid {
  let nearest: { readonly grid: PatchGrid; readonly error: number } = { grid: [1, 1], error: Number.POSITIVE_INFINITY };
  for (const count of [wanted - 1, wanted, wanted + 1].filter((count) => count > 1 && count <= maxSlices))
    for (let columns = 1; columns <= count; columns++) {
      if (count % columns !== 0) continue;
      const grid: PatchGrid = [count / columns, columns];
      const error = Math.abs(Math.log(width / height) - Math.log(columns / grid[0]));
      if (error < nearest.error) nearest = { grid, error };
    }
  return nearest.grid;
}
