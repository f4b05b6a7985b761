import { expect, test } from "vitest";
import { certainSlope } from "../src/training/fit-correction-gate.js";

test("a slope that all parts share is kept, and clipped to one", () => {
  const square = 2;
  expect(certainSlope([0.6, 0.6, 0.6].map((slope) => ({ product: slope * square, square })))).toBeCloseTo(0.6, 12);
  expect(certainSlope([3, 3].map((slope) => ({ product: slope * square, square })))).toBe(1);
});

test("a slope is shrunk by its variance between parts", () => {
  // Slopes 0.2, 0.5, 0.8 of equal weight: mean 0.5, variance of the mean 0.09 / 3; 0.5 − 0.03 / 0.5.
  expect(certainSlope([0.2, 0.5, 0.8].map((slope) => ({ product: slope, square: 1 })))).toBeCloseTo(0.44, 12);
});

test("what harms, isn't certain, or is known of one part alone is left out", () => {
  expect(certainSlope([-0.5, -0.4].map((slope) => ({ product: slope, square: 1 })))).toBe(0);
  expect(certainSlope([1.5, -1].map((slope) => ({ product: slope, square: 1 })))).toBe(0);
  expect(certainSlope([{ product: 1, square: 1 }])).toBe(0);
  expect(certainSlope([0, 0].map(() => ({ product: 0, square: 0 })))).toBe(0);
});
