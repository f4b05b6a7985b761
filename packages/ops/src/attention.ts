import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";

export interface AttentionOptions {
  /** H, heads of queries. */
  readonly numHeads: number;
  /** G, heads of keys and values, each of which serves H / G heads of queries. Default: H. */
  readonly numKeyValueHeads?: number;
  /**
   * Which keys a query sees: `[B, Nk]`, `[B, 1, Nq, Nk]` or `[B, H, Nq, Nk]`, true where it does, or float32 numbers that
   * are added to the scores; `"causal"`: none after its own position, with Nq = Nk. A constant: it gets no gradient.
   */
  readonly mask?: tf.Tensor | "causal";
}

/** Stands for −∞ inside the softmax, so that a query that sees no key gives no NaN. */
const UNSEEN = -1e30;

/**
 * Multi-head attention of queries over other tokens: softmax(q·kᵀ / √headDim + mask)·v per head, heads joined again. A
 * query that sees no key gives zeros. One query per sample (Nq = 1) is a case of its own, for very many samples with few
 * keys; one query for all samples (first dim 1) is never copied there.
 *
 * Shape: q `[B or 1, Nq, D]`, k and v `[B, Nk, D·G/H]` → `[B, Nq, D]`.
 * Layout: column = head·headDim + j.
 * Source: Vaswani et al. 2017, §3.2, arXiv:1706.03762; fewer key heads: Ainslie et al. 2023, §2.2, arXiv:2305.13245.
 *
 * @throws {ShapeError} if q, k, v or the mask don't fit each other and the heads.
 * @throws {TypeError} if the mask is of whole numbers.
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, options: AttentionOptions): tf.Tensor {
  const { numHeads, numKeyValueHeads = numHeads, mask } = options;
  checkTokens(q, k, v, numHeads, numKeyValueHeads);
  const causal = mask === "causal";
  if (causal) checkShape("attention", "k (with a causal mask)", k, ["B", q.shape[1] as number, "D"]);
  return tf.tidy(() => {
    const bias = mask && mask !== "causal" ? biasOf(mask, q, k, numHeads) : undefined;
    const attrs = { numHeads, numKeyValueHeads, causal };
    if (!hasKernel("FusedAttention")) return composedAttention(q, k, v, attrs, bias);
    const constants = bias ? { bias } : {};
    return runFused(
      "FusedAttention",
      { q, k, v },
      { ...attrs },
      {
        constants,
        saves: ([out, logSumExp]) => [q, k, v, out as tf.Tensor, logSumExp as tf.Tensor, ...(bias ? [bias] : [])],
        gradients: (dy, [q, k, v, out, logSumExp, bias]) => {
          const inputs = { dy, out, logSumExp, q, k, v, ...(bias && { bias }) } as tf.NamedTensorMap;
          return runKernel("FusedAttentionGrad", inputs, { ...attrs });
        },
      },
    );
  });
}

function checkTokens(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, numHeads: number, numKeyValueHeads: number): void {
  checkShape("attention", "q", q, ["B", "Nq", "D"]);
  const width = q.shape[2] as number;
  if (width % numHeads !== 0)
    throw new ShapeError("attention", `q of a last dim divisible by ${numHeads} heads`, `${width}`);
  if (numHeads % numKeyValueHeads !== 0)
    throw new ShapeError("attention", `numKeyValueHeads to divide ${numHeads} heads`, `${numKeyValueHeads}`);
  const batch = q.shape[0] === 1 ? "B" : (q.shape[0] as number);
  checkShape("attention", "k", k, [batch, "Nk", (width / numHeads) * numKeyValueHeads]);
  checkShape("attention", "v", v, k.shape);
}

/** What is added to the scores: float32 `[B, 1 or H, 1 or Nq, Nk]`, −∞ where a key is not seen. */
function biasOf(mask: tf.Tensor, q: tf.Tensor, k: tf.Tensor, numHeads: number): tf.Tensor {
  const [batch, keys] = k.shape as [number, number, number];
  if (mask.rank === 2) checkShape("attention", "mask", mask, [batch, keys]);
  else checkShape("attention", "mask", mask, [batch, mask.shape[1] === 1 ? 1 : numHeads, q.shape[1] as number, keys]);
  if (mask.dtype !== "bool" && mask.dtype !== "float32")
    throw new TypeError(
      expectation("attention", "a mask of dtype bool or float32", mask.dtype, "Cast it to bool if 1 means seen."),
    );
  const bias = mask.dtype === "bool" ? tf.where(mask, 0, Number.NEGATIVE_INFINITY) : mask;
  return mask.rank === 2 ? tf.reshape(bias, [batch, 1, 1, keys]) : bias;
}

export function composedAttention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  { numHeads, numKeyValueHeads, causal }: { numHeads: number; numKeyValueHeads: number; causal: boolean },
  bias: tf.Tensor | undefined,
): tf.Tensor {
  return tf.tidy(() => {
    const [batch, keys] = k.shape as [number, number, number];
    const [, queries, width] = q.shape as [number, number, number];
    const headDim = width / numHeads;
    const rows = (numHeads / numKeyValueHeads) * queries; // queries of all heads that share a key head
    const split = (x: tf.Tensor, heads: number): tf.Tensor =>
      tf.transpose(tf.reshape(x, [x.shape[0], x.shape[1] as number, heads, headDim]), [0, 2, 1, 3]);
    const scaled = tf.mul(split(q, numHeads), 1 / Math.sqrt(headDim)); // [B or 1, H, Nq, headDim]
    const own = q.shape[0] === batch ? scaled : tf.add(scaled, tf.zeros([batch, 1, 1, 1]));
    const grouped = tf.reshape(own, [batch, numKeyValueHeads, rows, headDim]);
    const products = tf.matMul(grouped, split(k, numKeyValueHeads), false, true); // [B, G, rows, Nk]
    const scores = tf.reshape(products, [batch, numHeads, queries, keys]);
    const weights = maskedSoftmax(scores, causal ? causalBias(keys) : bias);
    const mixed = tf.matMul(tf.reshape(weights, [batch, numKeyValueHeads, rows, keys]), split(v, numKeyValueHeads));
    return tf.reshape(tf.transpose(tf.reshape(mixed, [batch, numHeads, queries, headDim]), [0, 2, 1, 3]), [
      batch,
      queries,
      width,
    ]);
  });
}

function maskedSoftmax(scores: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
  if (!bias) return tf.softmax(scores);
  const weights = tf.softmax(tf.add(scores, tf.maximum(bias, UNSEEN)));
  return tf.mul(weights, tf.cast(tf.greater(bias, UNSEEN), "float32"));
}

function causalBias(tokens: number): tf.Tensor {
  const values = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? Number.NEGATIVE_INFINITY : 0,
  );
  return tf.tensor4d(values, [1, 1, tokens, tokens]);
}
