import { expectation } from "@graticule/core";
import { sumOfSquares } from "@graticule/ops";
import * as tf from "@tensorflow/tfjs-core";

/** Keeps the quotient finite at norm 0, as in PyTorch's `clip_grad_norm_`. */
const CLIP_EPSILON = 1e-6;

/**
 * Euclidean norm of all gradients as one vector. Waits for the backend once, for all of them; the gradients are only
 * read.
 */
export function globalNorm(gradients: Iterable<tf.Tensor>): number {
  return tf.tidy(() => {
    const squares = Array.from(gradients, (gradient) => sumOfSquares(gradient));
    if (squares.length === 0) return 0;
    const values = tf.stack(squares).dataSync<"float32">();
    return Math.sqrt(values.reduce((sum, value) => sum + value, 0));
  });
}

/**
 * Factor that brings gradients of the given norm to at most `maxNorm`: min(1, maxNorm / (norm + 1e-6)). Pass it as
 * `gradScale` to the optimizer, which applies it on the way.
 *
 * Source: Pascanu et al. 2013, §3.2, arXiv:1211.5063.
 *
 * @throws {RangeError} if `maxNorm` is not positive.
 */
export function clipCoefficient(norm: number, maxNorm: number): number {
  if (!(maxNorm > 0)) throw new RangeError(expectation("clipCoefficient", "a positive maxNorm", `${maxNorm}`));
  return Math.min(1, maxNorm / (norm + CLIP_EPSILON));
}
