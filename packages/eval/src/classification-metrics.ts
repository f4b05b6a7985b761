import { ShapeError } from "@graticule/core";
import { type BootstrapOptions, bootstrapIntervals, type Interval } from "./bootstrap.js";
import { checkLabels } from "./labelled-features.js";

/** Scores of one class. Where nothing was predicted (precision) or nothing was there (recall), the score is 0. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Test items of this class. */
  readonly support: number;
}

export interface ClassificationMetrics {
  readonly numItems: number;
  /** Share of items whose highest score is their class. */
  readonly top1: number;
  /** Share of items whose class is among the five highest scores; 1 if there are five classes or fewer. */
  readonly top5: number;
  /** Mean F1 over the classes that occur among the labels or the predictions. */
  readonly macroF1: number;
  /** F1 of the pooled counts; equals top1, since each item has one label and one prediction. */
  readonly microF1: number;
  readonly perClass: readonly ClassScores[];
  /** `[K][K]` counts: row = true class, column = predicted class. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** Bootstrap intervals over test items. */
  readonly intervals: { readonly top1: Interval; readonly top5: Interval; readonly macroF1: Interval };
}

/** 0-based place of a class when scores are sorted from high to low; of equal scores the lower class comes first. */
function placeOfClass(scores: Float32Array, row: number, numClasses: number, label: number): number {
  const own = scores[row + label] as number;
  let place = 0;
  for (let k = 0; k < numClasses; k++) {
    const score = scores[row + k] as number;
    if (score > own || (score === own && k < label)) place += 1;
  }
  return place;
}

/** The class of the highest score in each row; of equal scores the lowest class. Shape: `[N, K] → [N]`. */
export function predictClasses(scores: Float32Array, numClasses: number): Int32Array {
  return Int32Array.from({ length: scores.length / numClasses }, (_, item) => {
    const row = item * numClasses;
    let best = 0;
    for (let k = 1; k < numClasses; k++) if ((scores[row + k] as number) > (scores[row + best] as number)) best = k;
    return best;
  });
}

/** Scores per class and their mean from `[K, K]` counts, row = true class. */
export function scoresFromCounts(
  counts: ArrayLike<number>,
  numClasses: number,
): { perClass: ClassScores[]; macroF1: number } {
  let sum = 0;
  let present = 0;
  const perClass = Array.from({ length: numClasses }, (_, k): ClassScores => {
    let support = 0;
    let predicted = 0;
    for (let other = 0; other < numClasses; other++) {
      support += counts[k * numClasses + other] as number;
      predicted += counts[other * numClasses + k] as number;
    }
    const hits = counts[k * numClasses + k] as number;
    const f1 = support + predicted > 0 ? (2 * hits) / (support + predicted) : 0;
    if (support + predicted > 0) {
      sum += f1;
      present += 1;
    }
    return {
      precision: predicted > 0 ? hits / predicted : 0,
      recall: support > 0 ? hits / support : 0,
      f1,
      support,
    };
  });
  return { perClass, macroF1: sum / present };
}

/**
 * Judges class scores (logits, votes or probabilities) against labels.
 *
 * Shape: `scores [N, K]`, `labels [N]`.
 *
 * @throws {ShapeError} if scores are not `[N, K]` or there is no item.
 * @throws {RangeError} if a label is out of range or a score is not a number.
 */
export function classificationMetrics(
  scores: Float32Array,
  labels: Int32Array,
  numClasses: number,
  bootstrap: BootstrapOptions,
): ClassificationMetrics {
  const where = "classificationMetrics";
  checkLabels(where, labels, numClasses);
  const numItems = labels.length;
  if (numItems === 0 || scores.length !== numItems * numClasses)
    throw new ShapeError(
      where,
      `scores [N, ${numClasses}] for one label or more`,
      `${scores.length} scores for ${numItems} labels`,
      "Give one row of scores for each label.",
    );
  const badAt = scores.findIndex(Number.isNaN);
  if (badAt >= 0)
    throw new RangeError(
      `${where}: expected numbers as scores, got NaN for item ${Math.floor(badAt / numClasses)}, class ${badAt % numClasses}. Check the classifier's weights.`,
    );

  const predictions = predictClasses(scores, numClasses);
  const inTop5 = Uint8Array.from(labels, (label, item) =>
    placeOfClass(scores, item * numClasses, numClasses, label) < 5 ? 1 : 0,
  );
  const measure = (itemAt: (position: number) => number) => {
    const counts = new Int32Array(numClasses * numClasses);
    let hits = 0;
    let hits5 = 0;
    for (let position = 0; position < numItems; position++) {
      const item = itemAt(position);
      const label = labels[item] as number;
      const prediction = predictions[item] as number;
      counts[label * numClasses + prediction]! += 1;
      if (label === prediction) hits += 1;
      hits5 += inTop5[item] as number;
    }
    const { perClass, macroF1 } = scoresFromCounts(counts, numClasses);
    return { counts, perClass, top1: hits / numItems, top5: hits5 / numItems, macroF1 };
  };

  const whole = measure((position) => position);
  const [top1, top5, macroF1] = bootstrapIntervals(
    numItems,
    (items) => {
      const resample = measure((position) => items[position] as number);
      return [resample.top1, resample.top5, resample.macroF1];
    },
    bootstrap,
  ) as [Interval, Interval, Interval];
  return {
    numItems,
    top1: whole.top1,
    top5: whole.top5,
    macroF1: whole.macroF1,
    microF1: whole.top1,
    perClass: whole.perClass,
    confusionMatrix: Array.from({ length: numClasses }, (_, k) =>
      Array.from(whole.counts.subarray(k * numClasses, (k + 1) * numClasses)),
    ),
    intervals: { top1, top5, macroF1 },
  };
}
