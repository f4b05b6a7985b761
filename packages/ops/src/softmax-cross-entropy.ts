import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel } from "./fused.js";

export interface SoftmaxCrossEntropyOptions {
  /** Part of the target that is shared out among all K classes, in [0, 1). Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Mean over the batch of −Σ target · log softmax(logits), with all of the target at the label, or 1 − s of it and s / K
 * at every class with label smoothing s. One pass makes the loss and its gradient.
 *
 * Shape: logits `[B, K]`, labels B values → scalar.
 * Units: nats.
 * Source: Szegedy et al. 2016, §7 (label smoothing), arXiv:1512.00567.
 *
 * @throws {ShapeError} if there is not one label for each row.
 * @throws {RangeError} if a label is outside of 0 … K − 1, or the label smoothing of [0, 1).
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor,
  labels: Int32Array,
  { labelSmoothing = 0 }: SoftmaxCrossEntropyOptions = {},
): tf.Scalar {
  checkShape("softmaxCrossEntropy", "logits", logits, ["B", "K"]);
  const [batch, numClasses] = logits.shape as [number, number];
  checkLabels(labels, batch, numClasses);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new RangeError(expectation("softmaxCrossEntropy", "labelSmoothing in [0, 1)", `${labelSmoothing}`));
  const pass = hasKernel("FusedSoftmaxCrossEntropy") ? fusedPass : composedPass;
  return differentiate(pass, logits, labels, labelSmoothing);
}

export function composedSoftmaxCrossEntropy(logits: tf.Tensor, labels: Int32Array, labelSmoothing: number): tf.Scalar {
  return differentiate(composedPass, logits, labels, labelSmoothing);
}

function differentiate(pass: Pass, logits: tf.Tensor, labels: Int32Array, labelSmoothing: number): tf.Scalar {
  const crossEntropy = tf.customGrad((input, save) => {
    const [loss, slope] = pass(input as tf.Tensor, labels, labelSmoothing);
    (save as tf.GradSaveFunc)([slope]);
    return { value: loss, gradFunc: (dy, [slope]) => tf.mul(slope as tf.Tensor, dy) };
  });
  return crossEntropy(logits) as tf.Scalar;
}

function checkLabels(labels: Int32Array, batch: number, numClasses: number): void {
  if (labels.length !== batch) throw new ShapeError("softmaxCrossEntropy", `${batch} labels`, `${labels.length}`);
  for (const [row, label] of labels.entries())
    if (!(label >= 0 && label < numClasses))
      throw new RangeError(
        expectation("softmaxCrossEntropy", `labels from 0 to ${numClasses - 1}`, `${label} in row ${row}`),
      );
}

/** The loss and its gradient. */
type Pass = (logits: tf.Tensor, labels: Int32Array, labelSmoothing: number) => [tf.Tensor, tf.Tensor];

const fusedPass: Pass = (logits, labels, labelSmoothing) =>
  runKernel("FusedSoftmaxCrossEntropy", { logits, labels: tf.tensor1d(labels, "int32") }, { labelSmoothing }) as [
    tf.Tensor,
    tf.Tensor,
  ];

const composedPass: Pass = (logits, labels, labelSmoothing) => {
  const [batch, numClasses] = logits.shape as [number, number];
  const values = new Float32Array(batch * numClasses).fill(labelSmoothing / numClasses);
  for (const [row, label] of labels.entries())
    values[row * numClasses + label] = 1 - labelSmoothing + labelSmoothing / numClasses;
  const target = tf.tensor2d(values, [batch, numClasses]);
  const shifted = tf.sub(logits, tf.max(logits, 1, true)); // [B, K]
  const exponentials = tf.exp(shifted);
  const total = tf.sum(exponentials, 1, true); // [B, 1]
  const logLikelihood = tf.sub(tf.sum(tf.mul(shifted, target), 1, true), tf.log(total));
  return [tf.neg(tf.mean(logLikelihood)), tf.div(tf.sub(tf.div(exponentials, total), target), batch)];
};
