import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";

/**
 * Multi-head self-attention of joined queries, keys and values: softmax(q·kᵀ / √headDim)·v per head, heads joined again.
 *
 * Shape: `[B, N, 3D] → [B, N, D]`.
 * Layout: column = which·D + head·headDim + j with which = 0, 1, 2 for q, k, v, as timm's `qkv` weight gives it.
 * Source: Vaswani et al. 2017, §3.2, arXiv:1706.03762.
 *
 * @throws {ShapeError} if qkv is not `[B, N, 3D]` with D a multiple of `numHeads`.
 */
export function selfAttention(qkv: tf.Tensor, numHeads: number): tf.Tensor {
  checkShape("selfAttention", "qkv", qkv, ["B", "N", "3D"]);
  const width = qkv.shape[2] as number;
  if (width % (3 * numHeads) !== 0)
    throw new ShapeError("selfAttention", `a last dim divisible by 3 · ${numHeads} heads`, `${width}`);
  if (!hasKernel("FusedSelfAttention")) return composedSelfAttention(qkv, numHeads);
  return runFused(
    "FusedSelfAttention",
    { qkv },
    { numHeads },
    {
      saves: ([out, logSumExp]) => [qkv, out as tf.Tensor, logSumExp as tf.Tensor],
      gradients: (dy, [qkv, out, logSumExp]) =>
        runKernel("FusedSelfAttentionGrad", { dy, qkv, out, logSumExp } as tf.NamedTensorMap, { numHeads }),
    },
  );
}

export function composedSelfAttention(qkv: tf.Tensor, numHeads: number): tf.Tensor {
  return tf.tidy(() => {
    const [batch, tokens, width] = qkv.shape as [number, number, number];
    const headDim = width / 3 / numHeads;
    const [q, k, v] = tf
      .split(qkv, 3, 2)
      .map((part) => tf.transpose(tf.reshape(part, [batch, tokens, numHeads, headDim]), [0, 2, 1, 3])) as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
    ]; // [B, H, N, headDim]
    const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(headDim)), k, false, true); // [B, H, N, N]
    const mixed = tf.matMul(tf.softmax(scores), v); // [B, H, N, headDim]
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width / 3]);
  });
}
