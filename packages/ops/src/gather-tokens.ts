import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel, runLazily } from "./fused.js";
import { invertIndices } from "./token-indices.js";

/**
 * Picks K tokens of each sample.
 *
 * Shape: x `[B, N, D]`, indices B·K values (sample after sample) → `[B, K, D]`.
 *
 * @throws {ShapeError} if x is not `[B, N, D]`.
 * @throws {RangeError} if the indices don't divide among the samples, are outside of 0 … N − 1 or repeat in a sample.
 */
export function gatherTokens(x: tf.Tensor, indices: Int32Array): tf.Tensor {
  checkShape("gatherTokens", "x", x, ["B", "N", "D"]);
  const [batch, tokens] = x.shape as [number, number, number];
  const inverse = invertIndices("gatherTokens", indices, batch, tokens);
  if (!hasKernel("FusedGatherTokens")) return composedGatherTokens(x, indices, inverse);
  return tf.tidy(() => {
    const picked = tf.tensor2d(indices, [batch, indices.length / batch], "int32");
    return runLazily("FusedGatherTokens", { x, indices: picked }, { tokens }, gatherDerivative);
  });
}

const gatherDerivative: Omit<tf.GradConfig, "kernelName"> = {
  inputsToSave: ["indices"],
  gradFunc: (dy, [indices], attrs) => ({
    x: () =>
      runKernel(
        "FusedScatterTokens",
        { dy: dy as tf.Tensor, indices: indices as tf.Tensor },
        { tokens: attrs.tokens as number },
      )[0] as tf.Tensor,
  }),
};

export function composedGatherTokens(x: tf.Tensor, indices: Int32Array, inverse: Int32Array): tf.Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const picked = indices.length / batch;
  const rows = indices.map((index, position) => Math.floor(position / picked) * tokens + index);
  const gather = tf.customGrad((input) => ({
    value: tf.reshape(gatherRows(input as tf.Tensor, width, rows), [batch, picked, width]),
    gradFunc: (dy) => spreadTokens(dy, inverse),
  }));
  return gather(x);
}

/**
 * Puts picked tokens back in place, zero elsewhere: `[B, K, D] → [B, N, D]`. It is a gather again, by the inverse of the
 * indices, so it needs no scatter kernel.
 */
export function spreadTokens(picked: tf.Tensor, inverse: Int32Array): tf.Tensor {
  const [batch, , width] = picked.shape as [number, number, number];
  return tf.tidy(() => {
    const padded = tf.concat([tf.reshape(picked, [picked.size / width, width]), tf.zeros([1, width])]); // row B·K is zero
    return tf.reshape(gatherRows(padded, width, inverse), [batch, inverse.length / batch, width]);
  });
}

function gatherRows(x: tf.Tensor, width: number, rows: Int32Array): tf.Tensor {
  return tf.gather(tf.reshape(x, [x.size / width, width]), tf.tensor1d(rows, "int32"));
}
