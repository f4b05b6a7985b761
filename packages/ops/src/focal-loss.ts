import { expectation } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

export interface FocalLossOptions {
  /** γ: how much less a class counts that has its probability already. 2 unless given; 0 is the cross-entropy. */
  readonly gamma?: number;
  /** α: how much each of the K classes counts, or all of them. 1 unless given. */
  readonly alpha?: number | Float32Array;
}

/** Keeps (1 − p)^(γ − 1) finite for γ < 1, where log p, its factor, is 0 in the end. */
const LEAST_REST = 1e-12;

/**
 * Mean over the batch of Σ targetₖ · αₖ · (1 − pₖ)^γ · (−log pₖ) with p = softmax(logits). Targets are parts of a whole, as
 * mixup and label smoothing make them; all of it at one class is the paper's. The value and its gradient are made in one pass.
 *
 * Shape: logits `[B, K]`, targets `[B, K]` → scalar.
 * Units: nats.
 * Source: Lin et al. 2017, eq. 5, arXiv:1708.02002, for several classes instead of two.
 *
 * @throws {ShapeError} if targets have another shape. @throws {RangeError} if γ or an α is negative, or not one α for each class.
 */
export function focalLoss(
  logits: tf.Tensor,
  targets: tf.Tensor,
  { gamma = 2, alpha = 1 }: FocalLossOptions = {},
): tf.Scalar {
  checkShape("focalLoss", "logits", logits, ["B", "K"]);
  const [batch, numClasses] = logits.shape as [number, number];
  checkShape("focalLoss", "targets", targets, [batch, numClasses]);
  const alphas = typeof alpha === "number" ? [alpha] : [...alpha];
  if (!(gamma >= 0 && alphas.every((each) => each >= 0)))
    throw new RangeError(expectation("focalLoss", "gamma and alpha of at least 0", `gamma ${gamma}, alpha ${alphas}`));
  if (typeof alpha !== "number" && alphas.length !== numClasses)
    throw new RangeError(expectation("focalLoss", `alpha for ${numClasses} classes`, `${alphas.length}`));
  const loss = tf.customGrad((input, save) => {
    const [value, slope] = pass(input as tf.Tensor, tf.mul(targets, tf.tensor1d(alphas)), gamma);
    (save as tf.GradSaveFunc)([slope]);
    return { value, gradFunc: (dy, [slope]) => tf.mul(slope as tf.Tensor, dy) };
  });
  return loss(logits) as tf.Scalar;
}

/** The loss and its gradient; `weights` are target · α. */
function pass(logits: tf.Tensor, weights: tf.Tensor, gamma: number): [tf.Tensor, tf.Tensor] {
  const batch = logits.shape[0] as number;
  const shifted = tf.sub(logits, tf.max(logits, 1, true)); // [B, K]
  const logP = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
  const p = tf.exp(logP);
  const rest = tf.maximum(tf.sub(1, p), LEAST_REST);
  const focus = tf.pow(rest, gamma);
  const value = tf.div(tf.neg(tf.sum(tf.mul(weights, tf.mul(focus, logP)))), batch);
  // p · d/dp of −(1 − p)^γ log p
  const ofP = tf.sub(tf.mul(gamma, tf.mul(tf.mul(p, tf.pow(rest, gamma - 1)), logP)), focus);
  const parts = tf.mul(weights, ofP);
  const slope = tf.sub(parts, tf.mul(p, tf.sum(parts, 1, true)));
  return [value, tf.div(slope, batch)];
}
