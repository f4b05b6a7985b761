import { runOperation } from "@graticule/autodiff";
import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { tokenMeans } from "./token-means.js";

/** One query that all samples share, with the matrix of the keys multiplied into it. */
export interface QueryAttentionParameters {
  /** `[H, D]`: a head's score of a token is its row times the token; the scale is in it. */
  readonly scoreWeight: tf.Tensor;
  /** `[W, D]`: row h·headDim + j makes number j of head h's value. */
  readonly valueWeight: tf.Tensor;
}

/**
 * Attention of one learned query over a few tokens of each sample. Keys are never made, as the query is folded into
 * their matrix, nor values, as their matrix multiplies the mean of the tokens: out_h = V_h · Σ_g softmax_g(s_h·t_g) t_g.
 * The means are made again in the backward pass, whose one tensor of the tokens' size is their gradient, or two where no
 * kernel of the backend's makes it.
 *
 * Shape: tokens `[R, G, D]`, mask bool `[R, G]`, true where a token is seen → `[R, W]`; zeros for a row that sees none.
 * Layout: column = head·headDim + j.
 * Source: Nguyen et al. 2023 (ClimaX), §3.2, arXiv:2301.10343, for the attention; the folding is ours.
 *
 * @throws {ShapeError} if tokens, parameters and mask don't fit each other.
 */
export function queryAttention(
  tokens: tf.Tensor,
  { scoreWeight, valueWeight }: QueryAttentionParameters,
  mask?: tf.Tensor,
): tf.Tensor {
  checkShape("queryAttention", "tokens", tokens, ["R", "G", "D"]);
  const [rows, groups, width] = tokens.shape as [number, number, number];
  checkShape("queryAttention", "scoreWeight", scoreWeight, ["H", width]);
  checkShape("queryAttention", "valueWeight", valueWeight, ["W", width]);
  if (mask) checkShape("queryAttention", "mask", mask, [rows, groups]);
  const [heads, outWidth] = [scoreWeight.shape[0] as number, valueWeight.shape[0] as number];
  if (outWidth % heads !== 0)
    throw new ShapeError("queryAttention", `valueWeight of rows divisible by ${heads} heads`, `${outWidth}`);
  const headDim = outWidth / heads;
  const { forward, again, gradients } = tokenMeans();

  return runOperation({
    name: "QueryAttention",
    inputs: { tokens, scoreWeight, valueWeight },
    run: (save) => {
      const { means, kept } = forward({ tokens, scoreWeight, mask });
      save([tokens, scoreWeight, valueWeight, kept, ...(mask ? [mask] : [])]);
      const values = tf.reshape(valueWeight, [heads, headDim, width]);
      return tf.reshape(swapLeading(tf.matMul(swapLeading(means), values, false, true)), [rows, outWidth]);
    },
    gradients: (dy, saved) => {
      const [tokens, scoreWeight, valueWeight, kept] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const given = { tokens, scoreWeight, mask: saved[4] };
      const values = tf.reshape(valueWeight, [heads, headDim, width]);
      const ofHeads = swapLeading(tf.reshape(dy, [rows, heads, headDim])); // [H, R, headDim]
      // Each step frees what it made on the way: some of that has the tokens' size, too.
      const ofValues = tf.tidy(() => tf.matMul(ofHeads, swapLeading(again(given, kept)), true)); // [H, headDim, D]
      const ofMeans = tf.tidy(() => swapLeading(tf.matMul(ofHeads, values))); // [R, H, D]
      const [ofTokens, ofScoreWeight] = gradients(ofMeans, given, kept);
      return { tokens: ofTokens, scoreWeight: ofScoreWeight, valueWeight: tf.reshape(ofValues, [outWidth, width]) };
    },
  });
}

/** `[R, H, …]` ↔ `[H, R, …]`; without a copy where one of them is 1. */
function swapLeading(x: tf.Tensor): tf.Tensor {
  const [first, second, last] = x.shape as [number, number, number];
  return first === 1 || second === 1 ? tf.reshape(x, [second, first, last]) : tf.transpose(x, [1, 0, 2]);
}
