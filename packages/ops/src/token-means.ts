import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./fused.js";
import { linear } from "./linear.js";

export interface QueriedTokens {
  /** `[R, G, D]`. */
  readonly tokens: tf.Tensor;
  /** `[H, D]`: a head's score of a token is its row times the token. */
  readonly scoreWeight: tf.Tensor;
  /** Bool `[R, G]`, true where a token is seen. */
  readonly mask?: tf.Tensor | undefined;
}

/** Means of each row's tokens, `[R, H, D]`, by the softmax of their scores; zeros for a row that sees none. */
export interface TokenMeans {
  /** The means, and what is kept for the backward pass, far smaller than the tokens. */
  readonly forward: (given: QueriedTokens) => { readonly means: tf.Tensor; readonly kept: tf.Tensor };
  /** The means once more. */
  readonly again: (given: QueriedTokens, kept: tf.Tensor) => tf.Tensor;
  /** Gradients of the tokens and of the score weight by that of the means, `[R, H, D]`. */
  readonly gradients: (dy: tf.Tensor, given: QueriedTokens, kept: tf.Tensor) => readonly [tf.Tensor, tf.Tensor];
}

/** By one kernel, which reads the tokens once, where the backend has it. */
export function tokenMeans(): TokenMeans {
  return hasKernel("FusedQueryAttention") ? fusedMeans : composedMeans;
}

const inputsOf = ({ tokens, scoreWeight, mask }: QueriedTokens): tf.NamedTensorMap => ({
  tokens,
  scoreWeight,
  ...(mask && { mask }),
});

const fusedMeans: TokenMeans = {
  forward: (given) => {
    const [means, kept] = runKernel("FusedQueryAttention", inputsOf(given)) as [tf.Tensor, tf.Tensor];
    return { means, kept };
  },
  again: (given) => fusedMeans.forward(given).means,
  gradients: (dy, given, logSumExp) =>
    runKernel("FusedQueryAttentionGrad", { dy, logSumExp, ...inputsOf(given) }) as [tf.Tensor, tf.Tensor],
};

const composedMeans: TokenMeans = {
  forward: ({ tokens, scoreWeight, mask }) => {
    const [rows, groups] = tokens.shape as [number, number, number];
    const scores = tf.transpose(linear(tokens, scoreWeight), [0, 2, 1]); // [R, H, G]
    const kept = maskedSoftmax(scores, mask && tf.reshape(mask, [rows, 1, groups]));
    return { means: tf.matMul(kept, tokens), kept };
  },
  again: ({ tokens }, weights) => tf.matMul(weights, tokens),
  gradients: (dy, { tokens, scoreWeight }, weights) => {
    const [rows, groups, width] = tokens.shape as [number, number, number];
    // Each step frees what it made on the way: some of that has the tokens' size, too.
    const ofScores = tf.tidy(() => {
      const ofWeights = tf.matMul(dy, tokens, false, true); // [R, H, G]
      return tf.mul(weights, tf.sub(ofWeights, tf.sum(tf.mul(weights, ofWeights), 2, true)));
    });
    const scoreRows = tf.reshape(tf.transpose(ofScores, [1, 0, 2]), [-1, rows * groups]);
    return [
      tf.tidy(() => ofTokens(weights, ofScores, dy, scoreWeight)),
      tf.matMul(scoreRows, tf.reshape(tokens, [rows * groups, width])),
    ];
  },
};

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
