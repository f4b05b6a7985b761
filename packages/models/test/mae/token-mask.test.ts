import { expect, test } from "vitest";
import { makeMaeMask, makeRandomMask, maskFromShuffles } from "../../src/index.js";

test("a shuffle's first patches are kept, and restore finds each patch's place", () => {
  const { keep, restore, mask } = maskFromShuffles([Int32Array.of(2, 0, 3, 1), Int32Array.of(3, 2, 1, 0)], 1);
  expect([...keep]).toEqual([2, 3]);
  expect([...restore]).toEqual([1, 3, 0, 2, 3, 2, 1, 0]);
  expect([...mask]).toEqual([1, 1, 0, 1, 1, 1, 1, 0]);
});

const options = { seed: 42, epoch: 3, numTokens: 196, maskRatio: 0.75 };

test("an image's mask depends on seed, epoch and dataset index, not on its batch", () => {
  const batch = makeMaeMask({ ...options, indices: [7, 1000, 12] });
  const alone = makeMaeMask({ ...options, indices: [1000] });
  expect(batch.numKept).toBe(49);
  expect([...batch.keep.slice(49, 98)]).toEqual([...alone.keep]);
  expect([...batch.mask.slice(196, 392)]).toEqual([...alone.mask]);
  for (const other of [{ epoch: 4 }, { seed: 43 }, { indices: [1001] }])
    expect([...makeMaeMask({ ...options, indices: [1000], ...other }).keep]).not.toEqual([...alone.keep]);
});

test("every patch is masked about equally often", () => {
  const { mask } = makeMaeMask({ ...options, indices: Array.from({ length: 2000 }, (_, index) => index) });
  const counts = new Array<number>(196).fill(0);
  for (const [index, value] of mask.entries()) counts[index % 196]! += value;
  // Binomial(2000, 0.75): standard deviation 19.4; five of them for 196 patches.
  for (const count of counts) expect(Math.abs(count - 1500)).toBeLessThan(97);
});

test("the number kept is rounded down as in the reference", () => {
  expect(makeMaeMask({ ...options, indices: [0], numTokens: 6, maskRatio: 0.75 }).numKept).toBe(1);
  expect(makeMaeMask({ ...options, indices: [0], numTokens: 6, maskRatio: 0 }).numKept).toBe(6);
});

test("ratios and shuffles that leave nothing or don't fit are errors", () => {
  const message = (run: () => unknown) => {
    try {
      run();
      return "no error";
    } catch (error) {
      return String(error);
    }
  };
  expect([
    message(() => makeMaeMask({ ...options, indices: [0], maskRatio: 1 })),
    message(() => makeMaeMask({ ...options, indices: [0], numTokens: 3, maskRatio: 0.75 })),
    message(() => makeRandomMask({ randoms: [], numTokens: 4, maskRatio: 0.5 })),
    message(() => maskFromShuffles([Int32Array.of(0, 1), Int32Array.of(0)], 1)),
    message(() => maskFromShuffles([Int32Array.of(0, 0)], 1)),
  ]).toMatchInlineSnapshot(`
    [
      "RangeError: makeRandomMask: expected maskRatio in [0, 1) that keeps at least one of 196 patches, got 1.",
      "RangeError: makeRandomMask: expected maskRatio in [0, 1) that keeps at least one of 3 patches, got 0.75.",
      "RangeError: maskFromShuffles: expected at least one image, got none.",
      "RangeError: maskFromShuffles: expected each of 0 to 1 once in the shuffle of image 1, got [0].",
      "RangeError: maskFromShuffles: expected each of 0 to 1 once in the shuffle of image 0, got [0, 0].",
    ]
  `);
});
