import { runOperation } from "@graticule/autodiff";
import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { linear } from "./linear.js";

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
 * Of the backward pass's tensors one has the tokens' size.
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
  const byHead = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [1, 0, 2]); // [R, H, …] ↔ [H, R, …]

  return runOperation({
    name: "QueryAttention",
    inputs: { tokens, scoreWeight, valueWeight },
    run: (save) => {
      const weights = tf.tidy(() => {
        const scores = tf.transpose(linear(tokens, scoreWeight), [0, 2, 1]); // [R, H, G]
        return maskedSoftmax(scores, mask && tf.reshape(mask, [rows, 1, groups]));
      });
      save([tokens, scoreWeight, valueWeight, weights]);
      const means = tf.tidy(() => byHead(tf.matMul(weights, tokens))); // [H, R, D]
      const values = tf.reshape(valueWeight, [heads, headDim, width]);
      return tf.reshape(byHead(tf.matMul(means, values, false, true)), [rows, outWidth]);
    },
    gradients: (dy, saved) => {
      const [tokens, scoreWeight, valueWeight, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const values = tf.reshape(valueWeight, [heads, headDim, width]);
      const ofHeads = byHead(tf.reshape(dy, [rows, heads, headDim])); // [H, R, headDim]
      // Each step frees what it made on the way: some of that has the tokens' size, too.
      const ofValues = tf.tidy(() => tf.matMul(ofHeads, byHead(tf.matMul(weights, tokens)), true)); // [H, headDim, D]
      const ofMeans = tf.tidy(() => byHead(tf.matMul(ofHeads, values))); // [R, H, D]
      const ofScores = tf.tidy(() => {
        const ofWeights = tf.matMul(ofMeans, tokens, false, true); // [R, H, G]
        return tf.mul(weights, tf.sub(ofWeights, tf.sum(tf.mul(weights, ofWeights), 2, true)));
      });
      const scoreRows = tf.reshape(tf.transpose(ofScores, [1, 0, 2]), [heads, rows * groups]);
      return {
        tokens: tf.tidy(() => ofTokens(weights, ofScores, ofMeans, scoreWeight)),
        scoreWeight: tf.matMul(scoreRows, tf.reshape(tokens, [rows * groups, width])),
        valueWeight: tf.reshape(ofValues, [outWidth, width]),
      };
    },
  });
}

/** Both ways to a token, through the mean and through its score: as one product where heads are few, else one by one. */
function ofTokens(weights: tf.Tensor, ofScores: tf.Tensor, ofMeans: tf.Tensor, scoreWeight: tf.Tensor): tf.Tensor {
  const [rows, heads, groups] = weights.shape as [number, number, number];
  const byToken = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 1]); // [R, …, G] → [R, G, …]
  if (2 * heads > groups) {
    const residual = tf.matMul(byToken(weights), ofMeans);
    return linear(byToken(ofScores), tf.transpose(scoreWeight), undefined, { residual });
  }
  const repeated = tf.tile(tf.reshape(scoreWeight, [1, heads, -1]), [rows, 1, 1]);
  return tf.matMul(byToken(tf.concat([weights, ofScores], 1)), tf.concat([ofMeans, repeated], 1));
}

/** Stands for −∞ inside the softmax, so that a row that sees no token gives no NaN. */
const UNSEEN = -1e30;

function maskedSoftmax(scores: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  if (!mask) return tf.softmax(scores);
  const bias = tf.where(mask, 0, UNSEEN);
  return tf.mul(tf.softmax(tf.add(scores, bias)), tf.cast(mask, "float32"));
}
