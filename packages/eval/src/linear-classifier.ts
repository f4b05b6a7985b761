import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { applyStandardizer, type Standardizer } from "./standardizer.js";

/** A probe's result, ready to be stored: standardization, then a linear layer in PyTorch's layout. */
export interface LinearClassifier {
  readonly standardizer: Standardizer;
  /** `[K, D]` */
  readonly weight: Float32Array;
  /** `[K]` */
  readonly bias: Float32Array;
}

/** Rows that go to the backend at a time, so that a big set is never copied whole. */
const CHUNK_ROWS = 4096;

/**
 * Computes the logits of raw (not standardized) features, on the active tfjs backend.
 *
 * Shape: `values [N, D] → [N, K]`.
 *
 * @throws {ShapeError} if the values don't divide into rows of D.
 */
export async function applyLinearClassifier(
  { standardizer, weight, bias }: LinearClassifier,
  values: Float32Array,
): Promise<Float32Array> {
  const numFeatures = standardizer.mean.length;
  const numClasses = bias.length;
  if (values.length % numFeatures !== 0)
    throw new ShapeError(
      "applyLinearClassifier",
      `values [N, ${numFeatures}]`,
      `${values.length} values`,
      "Use features of the encoder that the classifier was fitted on.",
    );
  const numItems = values.length / numFeatures;
  const logits = new Float32Array(numItems * numClasses);
  for (let first = 0; first < numItems; first += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, numItems - first);
    const chunk = applyStandardizer(standardizer, values.subarray(first * numFeatures, (first + rows) * numFeatures));
    const products = tf.tidy(() =>
      tf.add(
        tf.matMul(tf.tensor2d(chunk, [rows, numFeatures]), tf.tensor2d(weight, [numClasses, numFeatures]), false, true),
        tf.tensor1d(bias),
      ),
    );
    logits.set(await products.data(), first * numClasses);
    products.dispose();
  }
  return logits;
}
