import { add, concat, mul, slice, sub, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import type { DecoderConfig } from "./decoder-config.js";

/** Cosines and sines of successive positions: each `[N, 1, R / 2]`. */
export interface RotaryTables {
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

type RotaryConfig = Pick<DecoderConfig, "ropeTheta" | "longRope">;

/**
 * Angles of positions `start` … `start + count − 1` for heads of which R numbers are turned. With `longRope` the last position decides whether the short or the long
 * factors hold.
 *
 * Source: Su et al. 2021, eq. 15, arXiv:2104.09864; Ding et al. 2024 (LongRoPE), §3, arXiv:2402.13753, with the scale of
 * attention √(1 + ln(growth) / ln(original)) as in transformers.
 */
export function rotaryTables(
  turned: number,
  { ropeTheta, longRope }: RotaryConfig,
  start: number,
  count: number,
): RotaryTables {
  const half = turned / 2;
  const isLong = longRope && start + count > longRope.originalContext;
  const factors = isLong ? longRope.longFactors : longRope?.shortFactors;
  const scale =
    longRope && longRope.growth > 1 ? Math.sqrt(1 + Math.log(longRope.growth) / Math.log(longRope.originalContext)) : 1;
  const cosines = new Float32Array(count * half);
  const sines = new Float32Array(count * half);
  for (let index = 0; index < half; index++) {
    const frequency = 1 / ((factors?.[index] ?? 1) * ropeTheta ** (index / half));
    for (let position = 0; position < count; position++) {
      const angle = (start + position) * frequency;
      cosines[position * half + index] = scale * Math.cos(angle);
      sines[position * half + index] = scale * Math.sin(angle);
    }
  }
  return { cosines: tensor(cosines, [count, 1, half]), sines: tensor(sines, [count, 1, half]) };
}

/**
 * Turns the pairs (j, j + R/2) of the last dim by their position's angles.
 *
 * Shape: `[B, N, H, R] → [B, N, H, R]`.
 */
export function rotate(x: Tensor, { cosines, sines }: RotaryTables): Tensor {
  return tidy(() => {
    const half = (x.shape[3] as number) / 2;
    const first = slice(x, [0, 0, 0, 0], [-1, -1, -1, half]);
    const second = slice(x, [0, 0, 0, half], [-1, -1, -1, half]);
    return concat([sub(mul(first, cosines), mul(second, sines)), add(mul(second, cosines), mul(first, sines))], 3);
  });
}
