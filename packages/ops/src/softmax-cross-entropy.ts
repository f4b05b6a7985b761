import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

/**
 * Mean over the batch of −log softmax(logits)[label].
 *
 * Shape: logits `[B, K]`, labels B values → scalar.
 * Units: nats.
 *
 * @throws {ShapeError} if there is not one label for each row.
 * @throws {RangeError} if a label is outside of 0 … K − 1.
 */
export function softmaxCrossEntropy(logits: tf.Tensor, labels: Int32Array): tf.Scalar {
  checkShape("softmaxCrossEntropy", "logits", logits, ["B", "K"]);
  const [batch, numClasses] = logits.shape as [number, number];
  if (labels.length !== batch) throw new ShapeError("softmaxCrossEntropy", `${batch} labels`, `${labels.length}`);
  const chosen = new Float32Array(batch * numClasses);
  for (const [row, label] of labels.entries()) {
    if (!(label >= 0 && label < numClasses))
      throw new RangeError(
        expectation("softmaxCrossEntropy", `labels from 0 to ${numClasses - 1}`, `${label} in row ${row}`),
      );
    chosen[row * numClasses + label] = 1;
  }
  const crossEntropy = tf.customGrad((input, save) => {
    const oneHot = tf.tensor2d(chosen, [batch, numClasses]);
    const shifted = tf.sub(input as tf.Tensor, tf.max(input as tf.Tensor, 1, true)); // [B, K]
    const exponentials = tf.exp(shifted);
    const total = tf.sum(exponentials, 1, true); // [B, 1]
    const difference = tf.sub(tf.div(exponentials, total), oneHot); // gradient of the sum over the batch
    (save as tf.GradSaveFunc)([difference]);
    const logLikelihood = tf.sub(tf.sum(tf.mul(shifted, oneHot), 1, true), tf.log(total));
    return {
      value: tf.neg(tf.mean(logLikelihood)),
      gradFunc: (dy, [difference]) => tf.mul(difference as tf.Tensor, tf.div(dy, batch)),
    };
  });
  return crossEntropy(logits) as tf.Scalar;
}
