import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel, runLazily } from "./fused.js";
import { maskedMeanSquaredError, normalizePatches } from "./masked-mean-squared-error.js";
import { patchGrid, patchify } from "./patchify.js";
import { checkPixelNormalization, type PixelNormalization, standardizePixels } from "./pixel-normalization.js";

export interface MaskedPatchErrorOptions extends PixelNormalization {
  readonly patchSize: number;
  /** Brings each target patch to mean 0 and variance 1 first, as `normalizePatches` does. */
  readonly normalize: boolean;
}

/**
 * A masked autoencoder's loss: squared error of predicted patches against those of the images, averaged over a patch's
 * values, then over the patches by their mask. It is NaN if the mask is all zero. Equal to `maskedMeanSquaredError` of
 * `normalizePatches(patchify(images))`, but the targets are made patch by patch inside the kernel, never as a tensor.
 *
 * Shape: prediction `[B, N, P·P·C]`, images `[B, C, H, W]` (float32 or int32), mask `[B, N]` (1 counts, 0 doesn't) → scalar.
 * Layout: a predicted patch in the order (p, q, c).
 * Source: He et al. 2022, §3 and the authors' `forward_loss` with `norm_pix_loss`, arXiv:2111.06377.
 *
 * @throws {ShapeError} if prediction, images and mask don't fit each other, or mean and std are not of C values.
 */
export function maskedPatchError(
  prediction: tf.Tensor,
  images: tf.Tensor,
  mask: tf.Tensor,
  options: MaskedPatchErrorOptions,
): tf.Scalar {
  checkShape("maskedPatchError", "images", images, ["B", "C", "H", "W"]);
  const { patchSize, normalize } = options;
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const [rows, columns] = patchGrid("maskedPatchError", [height, width], patchSize);
  checkShape("maskedPatchError", "prediction", prediction, [batch, rows * columns, channels * patchSize * patchSize]);
  checkShape("maskedPatchError", "mask", mask, [batch, rows * columns]);
  const { mean, std } = checkPixelNormalization("maskedPatchError", channels, options);
  if (!hasKernel("FusedPatchError")) return composedMaskedPatchError(prediction, images, mask, options);
  const attrs = { patchSize, order: "channels-last", mean, std, normalize };
  return runLazily("FusedPatchError", { prediction, images, mask }, attrs, errorDerivative) as tf.Scalar;
}

/** Targets and masks are mostly constants; their gradients are those of the composed form. */
const errorDerivative: Omit<tf.GradConfig, "kernelName"> = {
  inputsToSave: ["prediction", "images", "mask"],
  gradFunc: (dy, saved, attrs) => {
    const [prediction, images, mask] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const options = attrs as unknown as MaskedPatchErrorOptions;
    const composed = (others: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor) => tf.grad(others)(x, dy as tf.Tensor);
    return {
      prediction: () =>
        runKernel(
          "FusedPatchErrorGrad",
          { dy: dy as tf.Tensor, prediction, images, mask },
          attrs as tf.NamedAttrMap,
        )[0] as tf.Tensor,
      images: () => composed((x) => composedMaskedPatchError(prediction, x, mask, options), images),
      mask: () => composed((x) => composedMaskedPatchError(prediction, images, x, options), mask),
    };
  },
};

export function composedMaskedPatchError(
  prediction: tf.Tensor,
  images: tf.Tensor,
  mask: tf.Tensor,
  { patchSize, normalize, mean = [], std = [] }: MaskedPatchErrorOptions,
): tf.Scalar {
  return tf.tidy(() => {
    const patches = patchify(standardizePixels(images, mean, std), patchSize, "channels-last");
    return maskedMeanSquaredError(prediction, normalize ? normalizePatches(patches) : patches, mask);
  });
}
