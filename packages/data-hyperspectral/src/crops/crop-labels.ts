import { MismatchError } from "@graticule/core";
import type { Box } from "@graticule/data";
import type { Cube } from "../cube.js";
import { openCube } from "../open-cube.js";

/** Labels of a cube's pixels. Shape: `[H, W]`, row-major; −1 where there is none. */
export interface LabelRaster {
  readonly width: number;
  readonly values: Int32Array;
}

/**
 * Reads the label raster of a cube: any file that opens as a cube of one band. A pixel of `ignoreLabel` or without a
 * value has no label.
 *
 * @throws {MismatchError} if its size is not the cube's.
 */
export async function readLabels(path: string, cube: Cube, ignoreLabel: number | undefined): Promise<LabelRaster> {
  const labels = await openCube(path, { values: "stored" });
  const { height, width } = cube;
  if (labels.height !== height || labels.width !== width || labels.bands !== 1)
    throw new MismatchError(
      `labels '${path}'`,
      `1 band of ${width} by ${height} pixels, as '${cube.path}' has`,
      `${labels.bands} of ${labels.width} by ${labels.height}`,
      "Give the label raster of this cube.",
    );
  const pixels = await labels.readWindow({ row: 0, column: 0, height, width });
  await labels.close();
  const values = Int32Array.from(pixels, (value) => (Number.isNaN(value) || value === ignoreLabel ? -1 : value));
  return { width, values };
}

/** The label of a crop's center pixel; of an even size, the one below and right of the center. −1 if it has none. */
export function centerLabel({ width, values }: LabelRaster, crop: Box): number {
  const row = crop.row + Math.floor(crop.height / 2);
  return values[row * width + crop.column + Math.floor(crop.width / 2)] as number;
}

/** The label that most pixels of a crop have, the lowest of several; pixels without a label don't vote. −1 if none has. */
export function majorityLabel({ width, values }: LabelRaster, crop: Box): number {
  const votes = new Map<number, number>();
  for (let row = crop.row; row < crop.row + crop.height; row++)
    for (let column = crop.column; column < crop.column + crop.width; column++) {
      const label = values[row * width + column] as number;
      if (label >= 0) votes.set(label, (votes.get(label) ?? 0) + 1);
    }
  let [winner, most] = [-1, 0];
  for (const [label, count] of votes)
    if (count > most || (count === most && label < winner)) [winner, most] = [label, count];
  return winner;
}
