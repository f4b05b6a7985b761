import { expect } from "vitest";

/** Expects two lists of numbers to agree within `tolerance` of the largest expected size. */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  let [scale, worst] = [1e-30, 0];
  for (const [index, value] of Array.from(expected).entries()) {
    scale = Math.max(scale, Math.abs(value));
    worst = Math.max(worst, Math.abs((got[index] as number) - value));
  }
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}
