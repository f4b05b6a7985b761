import { expect, it } from "vitest";
import { warmupCosine } from "../src/index.js";

it("rises in a line from 0 and falls along half a cosine to the smallest rate", () => {
  const rate = warmupCosine({ baseLr: 1, warmupSteps: 4, totalSteps: 16, minLr: 0.2 });
  expect([0, 1, 2, 3].map(rate)).toEqual([0, 0.25, 0.5, 0.75]);
  expect(rate(4)).toBe(1);
  expect(rate(8)).toBeCloseTo(0.2 + 0.8 * 0.75, 12); // a third of the way: (1 + cos 60°) / 2 = 3/4
  expect(rate(10)).toBeCloseTo(0.6, 12);
  expect(rate(12)).toBeCloseTo(0.2 + 0.8 * 0.25, 12);
  expect(rate(16)).toBeCloseTo(0.2, 12);
  expect(rate(1000)).toBeCloseTo(0.2, 12);
});

it("starts at the base rate without warm-up", () => {
  const rate = warmupCosine({ baseLr: 3, warmupSteps: 0, totalSteps: 2, minLr: 0 });
  expect([0, 1, 2].map(rate)).toEqual([3, 1.5, 0]);
});
