import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

/** Order of a patch's values: `(c, p, q)` as a convolution weight has it, or `(p, q, c)` as MAE's loss has it. */
export type PatchOrder = "channels-first" | "channels-last";

export interface UnpatchifyOptions {
  readonly inChannels: number;
  /** `[H, W]` of the image. */
  readonly imageSize: readonly [number, number];
  readonly patchSize: number;
  readonly order: PatchOrder;
}

/**
 * Cuts images into square patches and flattens each.
 *
 * Shape: `[B, C, H, W] → [B, N, C·P·P]`, N = (H/P)·(W/P), row-major from the first row.
 *
 * @throws {ShapeError} if P does not divide H and W.
 */
export function patchify(images: tf.Tensor, patchSize: number, order: PatchOrder): tf.Tensor {
  checkShape("patchify", "images", images, ["B", "C", "H", "W"]);
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const [rows, columns] = patchGrid("patchify", [height, width], patchSize);
  return tf.tidy(() => {
    const cut = tf.reshape(images, [batch, channels, rows, patchSize, columns, patchSize]); // [B, C, h, p, w, q]
    const grouped = tf.transpose(cut, order === "channels-first" ? [0, 2, 4, 1, 3, 5] : [0, 2, 4, 3, 5, 1]);
    return tf.reshape(grouped, [batch, rows * columns, channels * patchSize * patchSize]);
  });
}

/**
 * Joins patches to images: the inverse of `patchify`.
 *
 * Shape: `[B, N, C·P·P] → [B, C, H, W]`.
 *
 * @throws {ShapeError} if the patches are not those of such an image.
 */
export function unpatchify(patches: tf.Tensor, options: UnpatchifyOptions): tf.Tensor {
  const { inChannels, imageSize, patchSize, order } = options;
  const [rows, columns] = patchGrid("unpatchify", imageSize, patchSize);
  checkShape("unpatchify", "patches", patches, ["B", rows * columns, inChannels * patchSize * patchSize]);
  const batch = patches.shape[0] as number;
  return tf.tidy(() => {
    const isFirst = order === "channels-first";
    const patch = isFirst ? [inChannels, patchSize, patchSize] : [patchSize, patchSize, inChannels];
    const grouped = tf.reshape(patches, [batch, rows, columns, ...patch]);
    const cut = tf.transpose(grouped, isFirst ? [0, 3, 1, 4, 2, 5] : [0, 5, 1, 3, 2, 4]); // [B, C, h, p, w, q]
    return tf.reshape(cut, [batch, inChannels, ...imageSize]);
  });
}

/** `[rows, columns]` of patches. */
export function patchGrid(op: string, [height, width]: readonly [number, number], patchSize: number): [number, number] {
  if (height % patchSize !== 0 || width % patchSize !== 0)
    throw new ShapeError(
      op,
      `H and W divisible by the patch size ${patchSize}`,
      `[${height}, ${width}]`,
      "Crop or resize the images.",
    );
  return [height / patchSize, width / patchSize];
}
