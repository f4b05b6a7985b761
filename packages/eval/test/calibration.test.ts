import { expect, test } from "vitest";
import { calibration } from "../src/index.js";

test("calibration is that of two bins worked by hand", () => {
  // p of class 0: 0.9 (right), 0.9 (wrong), 0.6 (right), all predicted as class 0
  const logits = Float32Array.of(Math.log(9), 0, Math.log(9), 0, Math.log(1.5), 0);
  const { expectedError, largestError, bins } = calibration(logits, Int32Array.of(0, 1, 0), 2, 4);
  expect(bins.map(({ numItems }) => numItems)).toEqual([0, 0, 1, 2]);
  expect(bins[3]?.confidence).toBeCloseTo(0.9, 6);
  expect(bins[3]?.accuracy).toBe(0.5);
  expect(expectedError).toBeCloseTo((0.4 * 2 + 0.4 * 1) / 3, 6);
  expect(largestError).toBeCloseTo(0.4, 6);
});

test("probabilities that are always right and certain are calibrated", () => {
  expect(calibration(Float32Array.of(100, 0, 0, 100), Int32Array.of(0, 1), 2).expectedError).toBe(0);
  expect(() => calibration(Float32Array.of(1, 2, 3), Int32Array.of(0), 2)).toThrow(/calibration: expected logits/);
});
