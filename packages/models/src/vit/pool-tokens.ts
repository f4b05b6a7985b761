import { mean, slice, squeeze, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { Pool } from "./config.js";

/**
 * One feature vector per image: the class token, which comes first, or the mean of all others.
 *
 * Shape: `[B, 1 + N, D] → [B, D]`.
 */
export function poolTokens(tokens: Tensor, pool: Pool): Tensor2D {
  return tidy(() =>
    pool === "cls"
      ? squeeze<Tensor2D>(slice(tokens, [0, 0, 0], [-1, 1, -1]), [1])
      : mean<Tensor2D>(slice(tokens, [0, 1, 0], [-1, -1, -1]), 1),
  );
}
