import { ShapeError } from "@graticule/core";
import { slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { PatchGrid } from "./vision-positions.js";

/**
 * Cuts an image, resized as `sliceSizes` says, into its slices, row by row.
 *
 * Shape: `[C, H, W]` → rows·columns of `[C, H / rows, W / columns]`.
 *
 * @throws {ShapeError} if the grid doesn't divide the image.
 */
export function cutSlices(image: Tensor, [rows, columns]: PatchGrid): Tensor[] {
  const [channels, height = 0, width = 0] = image.shape;
  if (image.rank !== 3 || height % rows !== 0 || width % columns !== 0)
    throw new ShapeError(
      "cutSlices",
      `an image [C, H, W] that ${rows} × ${columns} slices divide`,
      `[${image.shape.join(", ")}]`,
      "Resize it to the size that sliceSizes gives.",
    );
  const size = [channels as number, height / rows, width / columns] as [number, number, number];
  return tidy(() =>
    Array.from({ length: rows * columns }, (_, index) =>
      slice(image, [0, Math.floor(index / columns) * size[1], (index % columns) * size[2]], size),
    ),
  );
}
