import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runLazily } from "./fused.js";
import { composedGatherTokens, spreadTokens } from "./gather-tokens.js";
import { patchGrid, patchify, unpatchify } from "./patchify.js";
import { checkPixelNormalization, type PixelNormalization, standardizePixels } from "./pixel-normalization.js";
import { invertIndices } from "./token-indices.js";

export interface GatherPatchesOptions extends PixelNormalization {
  readonly patchSize: number;
  /** Which patches of each image, B·K values, sample after sample. Default: all, in their order. */
  readonly keep?: Int32Array;
}

/**
 * Cuts the patches asked for out of images, as the rows that a patch projection multiplies: pixels are read once,
 * standardized, converted to the compute precision, and the other patches are never touched.
 *
 * Shape: images `[B, C, H, W]`, float32 or int32 → `[B, K, C·P·P]`, K = N = (H/P)·(W/P) without `keep`.
 * Layout: a patch in the order (c, p, q) of a convolution's weight; patches row-major from the first row.
 * Source: He et al. 2022, §3 "MAE encoder", arXiv:2111.06377.
 *
 * @throws {ShapeError} if P does not divide H and W, or mean and std are not of C values.
 * @throws {RangeError} if `keep` doesn't divide among the samples, is outside of 0 … N − 1 or repeats in a sample.
 */
export function gatherPatches(images: tf.Tensor, options: GatherPatchesOptions): tf.Tensor {
  checkShape("gatherPatches", "images", images, ["B", "C", "H", "W"]);
  const { patchSize, keep } = options;
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const [rows, columns] = patchGrid("gatherPatches", [height, width], patchSize);
  const { mean, std } = checkPixelNormalization("gatherPatches", channels, options);
  const inverse = keep && invertIndices("gatherPatches", keep, batch, rows * columns);
  if (!hasKernel("FusedGatherPatches")) return composedGatherPatches(images, options, inverse);
  return tf.tidy(() => {
    const patches = keep && tf.tensor2d(keep, [batch, keep.length / batch], "int32");
    const attrs = { patchSize, order: "channels-first", mean, std, inverse, imageShape: images.shape };
    const inputs = patches ? { images, patches } : { images };
    return runLazily("FusedGatherPatches", inputs, attrs as unknown as tf.NamedAttrMap, patchDerivative);
  });
}

/** Images that are themselves computed are rare, so their gradient is composed: tokens back in place, then joined. */
const patchDerivative: Omit<tf.GradConfig, "kernelName"> = {
  gradFunc: (dy, _, attrs) => {
    const { patchSize, std, inverse, imageShape } = attrs as unknown as PatchAttrs;
    const [, inChannels, ...imageSize] = imageShape;
    return {
      images: () => {
        const all = inverse ? spreadTokens(dy as tf.Tensor, inverse) : (dy as tf.Tensor); // [B, N, C·P·P]
        const gradient = unpatchify(all, { inChannels, imageSize, patchSize, order: "channels-first" });
        return std.length === 0 ? gradient : tf.div(gradient, tf.tensor3d(std, [std.length, 1, 1]));
      },
    };
  },
};

interface PatchAttrs {
  readonly patchSize: number;
  readonly std: number[];
  readonly inverse: Int32Array | undefined;
  readonly imageShape: [number, number, number, number];
}

export function composedGatherPatches(
  images: tf.Tensor,
  { patchSize, keep, mean = [], std = [] }: GatherPatchesOptions,
  inverse?: Int32Array,
): tf.Tensor {
  return tf.tidy(() => {
    const patches = patchify(standardizePixels(images, mean, std), patchSize, "channels-first");
    return keep && inverse ? composedGatherTokens(patches, keep, inverse) : patches;
  });
}
