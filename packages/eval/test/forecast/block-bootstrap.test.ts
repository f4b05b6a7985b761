import { makeRandom } from "@graticule/core";
import { describe, expect, it } from "vitest";
import { drawBlocks, intervalsOfSums } from "../../src/forecast/block-bootstrap.js";
import { blockBootstrapIntervals, bootstrapIntervals } from "../../src/index.js";

/** First-order autoregressive series of unit innovations. */
function series(length: number, memory: number, seed: number): Float64Array {
  const random = makeRandom(seed, "series");
  let value = random.normal() / Math.sqrt(1 - memory ** 2);
  return Float64Array.from({ length }, () => {
    const before = value;
    value = memory * value + random.normal();
    return before;
  });
}
const meanOf = (values: Float64Array) => (samples: Int32Array) => [
  samples.reduce((sum, sample) => sum + (values[sample] as number), 0) / samples.length,
];
const width = ([low, high]: readonly [number, number]) => high - low;

describe("blockBootstrapIntervals", () => {
  it("is the plain bootstrap's width for independent samples, and sqrt((1+ρ)/(1-ρ)) times it for dependent ones", () => {
    const values = series(2000, 0.8, 5); // factor 3
    const plain = bootstrapIntervals(2000, meanOf(values), { seed: 1 })[0] as [number, number];
    const single = blockBootstrapIntervals(2000, meanOf(values), { seed: 1, blockLength: 1 })[0] as [number, number];
    const blocks = blockBootstrapIntervals(2000, meanOf(values), { seed: 1, blockLength: 50 })[0] as [number, number];
    expect(width(single) / width(plain)).toBeGreaterThan(0.9); // two draws of 1000 differ by some percent
    expect(width(single) / width(plain)).toBeLessThan(1.1);
    expect(width(blocks) / width(plain)).toBeGreaterThan(2.3);
    expect(width(blocks) / width(plain)).toBeLessThan(3.5);
  });

  it("draws blocks of neighbors, cut to the series' length, and the same for the same seed", () => {
    const seen: number[][] = [];
    const options = { seed: 2, blockLength: 3, resamples: 50 };
    blockBootstrapIntervals(8, (samples) => [seen.push([...samples])], options);
    for (const samples of seen) {
      expect(samples).toHaveLength(8);
      for (const start of [0, 3, 6])
        for (let step = start + 1; step < Math.min(start + 3, 8); step++)
          expect(samples[step]).toBe((samples[step - 1] as number) + 1);
    }
    expect(new Set(seen.map((samples) => samples[0])).size).toBe(6); // starts 0 to 5
    const again: number[][] = [];
    blockBootstrapIntervals(8, (samples) => [again.push([...samples])], options);
    expect(again).toEqual(seen);
  });

  it("gives the same intervals from sums of blocks as from the samples themselves", () => {
    const values = series(101, 0.6, 7);
    const options = { seed: 4, blockLength: 7, resamples: 200 };
    const terms = Float64Array.from({ length: 2 * 101 }, (_, at) => (values[at >> 1] as number) ** (1 + (at % 2)));
    const fromSums = intervalsOfSums(terms, drawBlocks(101, options), (sums) => [
      (sums[0] as number) / 101,
      Math.sqrt((sums[1] as number) / 101),
    ]);
    const squares = values.map((value) => value * value);
    const fromSamples = blockBootstrapIntervals(
      101,
      (samples) => [meanOf(values)(samples)[0] as number, Math.sqrt(meanOf(squares)(samples)[0] as number)],
      options,
    );
    // The same numbers in another order of addition.
    for (const [index, interval] of fromSamples.entries())
      for (const end of [0, 1] as const) expect(fromSums[index]?.[end]).toBeCloseTo(interval[end], 12);
  });

  it("says when fewer than two blocks fit", () => {
    expect(() => blockBootstrapIntervals(9, () => [0], { seed: 0, blockLength: 5 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: blockBootstrapIntervals: expected blocks of 1 to 4 samples, half of 9, got 5. Score more dates or take shorter blocks.]`,
    );
    expect(() =>
      blockBootstrapIntervals(9, () => [0], { seed: 0, blockLength: 2, level: 95 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: blockBootstrapIntervals: expected resamples of 1 or more and 0 < level < 1, got resamples 1000, level 95.]`,
    );
  });
});
