import { mean, slice, squeeze, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { Pool } from "./config.js";

/**
 * One feature vector per image: the class token, which comes first, or the mean of all others.
 *
 * Shape: `[B, 1 + N, D] → [B, D]`; of models without a class token, `prefixTokens` 0, `[B, N, D]`.
 */
export function poolTokens(tokens: Tensor, pool: Pool, prefixTokens = 1): Tensor2D {
  return tidy(() =>
    pool === "cls"
      ? squeeze<Tensor2D>(slice(tokens, [0, 0, 0], [-1, 1, -1]), [1])
      : mean<Tensor2D>(slice(tokens, [0, prefixTokens, 0], [-1, -1, -1]), 1),
  );
}
