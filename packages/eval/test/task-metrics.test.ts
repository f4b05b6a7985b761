import { expect, test } from "vitest";
import {
  addErrors,
  countConfusion,
  majorityBaseline,
  multiLabelMetrics,
  noErrors,
  regressionMetrics,
  segmentationMetrics,
} from "../src/index.js";

test("segmentation scores are those of a confusion matrix worked by hand", () => {
  const counts = new Float64Array(9);
  countConfusion(counts, [0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, -1], 3);
  const metrics = segmentationMetrics(counts, 3);
  expect(metrics.confusionMatrix).toEqual([
    [2, 1, 0],
    [0, 2, 0],
    [0, 0, 0],
  ]);
  expect(metrics.numPixels).toBe(5);
  expect(metrics.pixelAccuracy).toBe(4 / 5);
  expect(metrics.meanAccuracy).toBeCloseTo((2 / 3 + 1) / 2, 12);
  expect(metrics.perClass.map(({ iou }) => iou)).toEqual([2 / 3, 2 / 3, 0]);
  expect(metrics.mIoU).toBeCloseTo(2 / 3, 12); // The third class is nowhere.
  expect(metrics.macroF1).toBeCloseTo(0.8, 12);
  const majority = majorityBaseline(metrics.confusionMatrix); // class 0 of all 5 pixels, 3 of which are
  expect(majority).toEqual({ label: 0, mIoU: 3 / 5 / 2, pixelAccuracy: 3 / 5 });
  expect(() => segmentationMetrics(new Float64Array(9), 3)).toThrow(/expected labelled pixels/);
});

test("multi-label scores are scikit-learn's", () => {
  // average_precision_score([1, 0, 1, 0], [0.9, 0.8, 0.8, 0.1]) = 0.5 · 1 + 0.5 · 2/3
  const probabilities = Float32Array.of(0.9, 0.2, 0.8, 0.7, 0.8, 0.4, 0.1, 0.6);
  const targets = [1, 0, 0, 1, 1, 0, 0, 1];
  const metrics = multiLabelMetrics(probabilities, targets, 2, { seed: 0, resamples: 20 });
  expect(metrics.perClass.map(({ averagePrecision }) => averagePrecision)).toEqual([0.5 + 1 / 3, 1]);
  expect(metrics.mAP).toBeCloseTo((0.5 + 1 / 3 + 1) / 2, 12);
  expect(metrics.perClass.map(({ f1 }) => f1)).toEqual([0.8, 1]);
  expect(metrics.microF1).toBeCloseTo((2 * 4) / (5 + 4), 12);
  expect(metrics.macroF1).toBeCloseTo(0.9, 12);
  const strict = multiLabelMetrics(probabilities, targets, 2, { seed: 0, resamples: 20, threshold: 0.85 });
  expect(strict.perClass.map(({ recall }) => recall)).toEqual([0.5, 0]);
  const rare = multiLabelMetrics(Float32Array.of(0.6, 0.4), [1, 0], 2, { seed: 0, resamples: 20 });
  expect(rare.mAP).toBe(1); // Nobody has the second class.
});

test("regression scores are those worked by hand, over parts and whatever the center", () => {
  const parts = [addErrors(noErrors(2), [1, 2], [2, 2]), addErrors(noErrors(2), [4, 9], [5, Number.NaN])];
  const { count, rmse, mae, bias, r2 } = regressionMetrics(parts);
  expect(count).toBe(3);
  expect(rmse).toBeCloseTo(Math.sqrt(2 / 3), 12);
  expect(mae).toBeCloseTo(2 / 3, 12);
  expect(bias).toBeCloseTo(-2 / 3, 12);
  expect(r2).toBeCloseTo(1 - 2 / 6, 12);
  expect(() => regressionMetrics([noErrors()])).toThrow(/expected targets/);
});
