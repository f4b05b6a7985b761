import { describe, expect, it } from "vitest";
import { classificationMetrics, predictClasses } from "../src/index.js";

/** Scores that put each prediction first. */
function oneHot(predictions: readonly number[], numClasses: number): Float32Array {
  const scores = new Float32Array(predictions.length * numClasses);
  predictions.forEach((prediction, item) => {
    scores[item * numClasses + prediction] = 1;
  });
  return scores;
}
const bootstrap = { seed: 0, resamples: 50 };

describe("classificationMetrics", () => {
  it("equals numbers worked by hand on six items of three classes", () => {
    const labels = Int32Array.of(0, 0, 0, 1, 1, 2);
    const metrics = classificationMetrics(oneHot([0, 0, 1, 1, 2, 2], 3), labels, 3, bootstrap);
    expect(metrics.confusionMatrix).toEqual([
      [2, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(metrics.top1).toBeCloseTo(4 / 6, 12);
    expect(metrics.microF1).toBeCloseTo(4 / 6, 12);
    expect(metrics.top5).toBe(1);
    expect(metrics.perClass[0]).toEqual({ precision: 1, recall: 2 / 3, f1: 0.8, support: 3 });
    expect(metrics.perClass[1]).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5, support: 2 });
    expect(metrics.perClass[2]?.f1).toBeCloseTo(2 / 3, 12);
    expect(metrics.macroF1).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3, 12);
  });

  it("leaves a class out of macro-F1 if it is neither among labels nor predictions, and counts it as 0 if predicted", () => {
    const labels = Int32Array.of(0, 0, 1, 1);
    const absent = classificationMetrics(oneHot([0, 0, 1, 1], 4), labels, 4, bootstrap);
    expect(absent.macroF1).toBe(1);
    expect(absent.perClass[3]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
    const predicted = classificationMetrics(oneHot([0, 0, 1, 2], 4), labels, 4, bootstrap);
    expect(predicted.macroF1).toBeCloseTo((1 + 2 / 3 + 0) / 3, 12);
  });

  it("counts top-5 by place, and of equal scores prefers the lower class", () => {
    const falling = [6, 5, 4, 3, 2, 1];
    const scores = Float32Array.from([...falling, ...falling, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const metrics = classificationMetrics(scores, Int32Array.of(4, 5, 4, 5), 6, bootstrap);
    expect(metrics.top5).toBe(0.5);
    expect(metrics.top1).toBe(0);
    expect([...predictClasses(scores, 6)]).toEqual([0, 0, 0, 0]);
  });

  it("says what is wrong with scores and labels", () => {
    const run = (scores: readonly number[], labels: readonly number[], numClasses: number) => () =>
      classificationMetrics(Float32Array.from(scores), Int32Array.from(labels), numClasses, bootstrap);
    expect(run([], [], 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: classificationMetrics: expected scores [N, 2] for one label or more, got 0 scores for 0 labels. Give one row of scores for each label.]`,
    );
    expect(run([1, 2, 3], [0], 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: classificationMetrics: expected scores [N, 2] for one label or more, got 3 scores for 1 labels. Give one row of scores for each label.]`,
    );
    expect(run([1, 2], [-1], 2)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: classificationMetrics: expected labels from 0 to 1, got -1 for item 0. Leave out unlabelled items.]`,
    );
    expect(run([1, 2], [0], 0)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: classificationMetrics: expected numClasses of 1 or more, got 0. Count the class names.]`,
    );
    expect(run([1, 2, Number.NaN, 1], [0, 1], 2)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: classificationMetrics: expected numbers as scores, got NaN for item 1, class 0. Check the classifier's weights.]`,
    );
  });
});
