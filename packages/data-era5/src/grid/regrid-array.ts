import { ShapeError } from "@graticule/core";
import type { GriddedArray } from "../gridded-dataset.js";
import { type ApplyRegridOptions, applyRegrid } from "./apply-regrid.js";
import type { RegridWeights } from "./regrid-weights.js";

/**
 * Regrids an array that was read from a dataset; its other dimensions stay.
 *
 * Shape: `[…, H, W] → […, H', W']`, latitude and longitude last.
 *
 * @throws {ShapeError} if the last two dimensions are not the source grid's.
 */
export function regridArray(array: GriddedArray, weights: RegridWeights, options?: ApplyRegridOptions): GriddedArray {
  const leading = array.shape.slice(0, -2);
  const [rows, columns] = array.shape.slice(-2);
  if (rows !== weights.sourceShape[0] || columns !== weights.sourceShape[1])
    throw new ShapeError(
      "regridArray",
      `latitude and longitude of ${weights.sourceShape.join(" x ")} as the last two dimensions`,
      `[${array.dims.map((name, index) => `${name}: ${array.shape[index]}`).join(", ")}]`,
    );
  return {
    dims: array.dims,
    shape: [...leading, ...weights.targetShape],
    data: applyRegrid(weights, array.data, options),
  };
}
