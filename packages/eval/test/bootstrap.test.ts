import { describe, expect, it } from "vitest";
import { bootstrapIntervals, classificationMetrics, quantile } from "../src/index.js";

describe("bootstrapIntervals", () => {
  it("interpolates quantiles between neighbours as numpy does", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 0.1)).toBeCloseTo(1.3, 12); // numpy.quantile([1, 2, 3, 4], 0.1)
  });

  it("gives the normal interval of a proportion, and the same one for the same seed", () => {
    const hits = Uint8Array.from({ length: 400 }, (_, item) => (item % 5 === 0 ? 0 : 1)); // p = 0.8
    const share = (items: Int32Array) => [items.reduce((sum, item) => sum + (hits[item] as number), 0) / 400];
    const [interval] = bootstrapIntervals(400, share, { seed: 3 });
    const half = 1.96 * Math.sqrt((0.8 * 0.2) / 400); // 0.0392; 1000 resamples place an end to about ±0.003
    expect(Math.abs((interval?.[0] as number) - (0.8 - half))).toBeLessThan(0.006);
    expect(Math.abs((interval?.[1] as number) - (0.8 + half))).toBeLessThan(0.006);
    expect(bootstrapIntervals(400, share, { seed: 3 })).toEqual([interval]);
    expect(bootstrapIntervals(400, share, { seed: 4 })).not.toEqual([interval]);
  });

  it("shrinks to a point if every item is right", () => {
    const metrics = classificationMetrics(Float32Array.of(1, 0, 0, 1), Int32Array.of(0, 1), 2, { seed: 1 });
    expect(metrics.intervals).toEqual({ top1: [1, 1], top5: [1, 1], macroF1: [1, 1] });
  });

  it("says what is wrong with its options", () => {
    expect(() => bootstrapIntervals(4, () => [0], { seed: 0, level: 95 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: bootstrapIntervals: expected an item or more, resamples of 1 or more and 0 < level < 1, got 4 items, resamples 1000, level 95.]`,
    );
  });
});
