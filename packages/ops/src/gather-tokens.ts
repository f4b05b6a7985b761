import { expectation } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

/**
 * Picks K tokens of each sample. The gradient is a gather again, by the inverse index, so it needs no scatter kernel.
 *
 * Shape: x `[B, N, D]`, indices B·K values (sample after sample) → `[B, K, D]`.
 *
 * @throws {ShapeError} if x is not `[B, N, D]`.
 * @throws {RangeError} if the indices don't divide among the samples, are outside of 0 … N − 1 or repeat in a sample.
 */
export function gatherTokens(x: tf.Tensor, indices: Int32Array): tf.Tensor {
  checkShape("gatherTokens", "x", x, ["B", "N", "D"]);
  const [batch, tokens, width] = x.shape as [number, number, number];
  const { rows, inverse } = invert(indices, batch, tokens);
  const picked = indices.length / batch;
  const gather = tf.customGrad((input) => ({
    value: tf.reshape(gatherRows(input as tf.Tensor, [batch * tokens, width], rows), [batch, picked, width]),
    gradFunc: (dy) => {
      const nothing = tf.zeros([1, width]);
      const padded = tf.concat([tf.reshape(dy, [batch * picked, width]), nothing]); // row B·K is zero
      return tf.reshape(gatherRows(padded, padded.shape, inverse), [batch, tokens, width]);
    },
  }));
  return gather(x);
}

function gatherRows(x: tf.Tensor, shape: number[], rows: Int32Array): tf.Tensor {
  return tf.gather(tf.reshape(x, shape), tf.tensor1d(rows, "int32"));
}

/** Row numbers in `[B·N, D]`, and for each of those rows where it went in `[B·K, D]`, or B·K if nowhere. */
function invert(indices: Int32Array, batch: number, tokens: number): { rows: Int32Array; inverse: Int32Array } {
  const picked = indices.length / batch;
  if (!Number.isInteger(picked))
    throw new RangeError(
      expectation("gatherTokens", `as many indices for each of ${batch} samples`, `${indices.length} in all`),
    );
  const inverse = new Int32Array(batch * tokens).fill(indices.length);
  const rows = indices.map((index, position) => {
    const row = Math.floor(position / picked) * tokens + index;
    if (!(index >= 0 && index < tokens && inverse[row] === indices.length))
      throw new RangeError(
        expectation("gatherTokens", `distinct indices from 0 to ${tokens - 1} in a sample`, `${index} at ${position}`),
      );
    inverse[row] = position;
    return row;
  });
  return { rows, inverse };
}
