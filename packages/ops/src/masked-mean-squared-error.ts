import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

/** Keeps flat patches from being divided by zero; MAE's own value. */
const PATCH_VARIANCE_EPSILON = 1e-6;

/**
 * Normalizes each patch by its own mean and unbiased variance: (x − mean) / √(variance + 1e-6).
 *
 * Shape: `[B, N, F] → [B, N, F]`, F ≥ 2.
 * Source: He et al. 2022, §4.1 "reconstruction target", arXiv:2111.06377; `norm_pix_loss` in the authors' code.
 *
 * @throws {ShapeError} if the patches are not `[B, N, F]`.
 */
export function normalizePatches(patches: tf.Tensor): tf.Tensor {
  checkShape("normalizePatches", "patches", patches, ["B", "N", "F"]);
  return tf.tidy(() => {
    const centered = tf.sub(patches, tf.mean(patches, -1, true));
    const variance = tf.div(tf.sum(tf.square(centered), -1, true), (patches.shape[2] as number) - 1); // [B, N, 1]
    return tf.mul(centered, tf.rsqrt(tf.add(variance, PATCH_VARIANCE_EPSILON)));
  });
}

/**
 * Squared error, averaged over each patch's values, then over the patches with mask 1. It is NaN if there are none.
 *
 * Shape: prediction and target `[B, N, F]`, mask `[B, N]` (1 counts, 0 doesn't) → scalar.
 * Source: He et al. 2022, §3 and the authors' `forward_loss`, arXiv:2111.06377.
 *
 * @throws {ShapeError} if target or mask doesn't fit the prediction.
 */
export function maskedMeanSquaredError(prediction: tf.Tensor, target: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  checkShape("maskedMeanSquaredError", "prediction", prediction, ["B", "N", "F"]);
  checkShape("maskedMeanSquaredError", "target", target, prediction.shape);
  checkShape("maskedMeanSquaredError", "mask", mask, prediction.shape.slice(0, 2));
  return tf.tidy(() => {
    const perPatch = tf.mean(tf.square(tf.sub(prediction, target)), -1); // [B, N]
    return tf.div(tf.sum(tf.mul(perPatch, mask)), tf.sum(mask));
  });
}
