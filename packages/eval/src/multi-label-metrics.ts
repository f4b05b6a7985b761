import { ShapeError } from "@graticule/core";
import { type BootstrapOptions, bootstrapIntervals, type Interval } from "./bootstrap.js";
import type { ClassScores } from "./classification-metrics.js";

/** Scores of one class. */
export interface MultiLabelScores extends ClassScores {
  /** Area under precision over recall; NaN if no item has the class. */
  readonly averagePrecision: number;
}

export interface MultiLabelMetrics {
  readonly numItems: number;
  /** Probability from which on a class counts as predicted. */
  readonly threshold: number;
  /** F1 of all classes' counts together. */
  readonly microF1: number;
  /** Mean F1 over the classes that occur among labels or predictions. */
  readonly macroF1: number;
  /** Mean average precision over the classes that some item has. */
  readonly mAP: number;
  readonly perClass: readonly MultiLabelScores[];
  /** Bootstrap intervals over items. */
  readonly intervals: { readonly microF1: Interval; readonly macroF1: Interval };
}

/**
 * Judges probabilities of classes of which an item may have several.
 *
 * Shape: probabilities and targets `[N, K]`, targets 0 or 1.
 * Source: average precision as scikit-learn's, Σ (Rₙ − Rₙ₋₁)·Pₙ over the distinct probabilities.
 *
 * @throws {ShapeError} if probabilities and targets are not `[N, K]` of an item or more.
 */
export function multiLabelMetrics(
  probabilities: Float32Array,
  targets: ArrayLike<number>,
  numClasses: number,
  { threshold = 0.5, ...bootstrap }: BootstrapOptions & { readonly threshold?: number },
): MultiLabelMetrics {
  const numItems = probabilities.length / numClasses;
  if (!(numItems > 0 && Number.isInteger(numItems)) || targets.length !== probabilities.length)
    throw new ShapeError(
      "multiLabelMetrics",
      `probabilities and targets [N, ${numClasses}] of an item or more`,
      `${probabilities.length} and ${targets.length} values`,
    );
  const measure = (itemAt: (position: number) => number) => {
    const counts = new Int32Array(3 * numClasses); // hits, predicted, labelled of each class
    for (let position = 0; position < numItems; position++) {
      const row = itemAt(position) * numClasses;
      for (let k = 0; k < numClasses; k++) {
        const predicted = (probabilities[row + k] as number) >= threshold ? 1 : 0;
        const labelled = (targets[row + k] as number) > 0.5 ? 1 : 0;
        counts[3 * k]! += predicted & labelled;
        counts[3 * k + 1]! += predicted;
        counts[3 * k + 2]! += labelled;
      }
    }
    return scoresOf(counts, numClasses);
  };
  const whole = measure((position) => position);
  const [microF1, macroF1] = bootstrapIntervals(
    numItems,
    (items) => {
      const resample = measure((position) => items[position] as number);
      return [resample.microF1, resample.macroF1];
    },
    bootstrap,
  ) as [Interval, Interval];
  const perClass = whole.perClass.map((scores, k) => ({
    ...scores,
    averagePrecision: averagePrecision(probabilities, targets, numClasses, k),
  }));
  const known = perClass.filter((scores) => scores.support > 0);
  const mAP = known.reduce((sum, scores) => sum + scores.averagePrecision, 0) / known.length;
  return { ...whole, numItems, threshold, mAP, perClass, intervals: { microF1, macroF1 } };
}

function scoresOf(counts: Int32Array, numClasses: number) {
  const f1Of = (hits: number, predicted: number, labelled: number): number =>
    predicted + labelled > 0 ? (2 * hits) / (predicted + labelled) : 0;
  const all = [0, 0, 0];
  let [sum, present] = [0, 0];
  const perClass = Array.from({ length: numClasses }, (_, k): ClassScores => {
    const [hits, predicted, support] = counts.subarray(3 * k, 3 * k + 3) as unknown as [number, number, number];
    for (const [index, count] of [hits, predicted, support].entries()) all[index]! += count;
    const f1 = f1Of(hits, predicted, support);
    if (predicted + support > 0) {
      sum += f1;
      present += 1;
    }
    return { precision: predicted > 0 ? hits / predicted : 0, recall: support > 0 ? hits / support : 0, f1, support };
  });
  const [hits, predicted, labelled] = all as [number, number, number];
  return { perClass, microF1: f1Of(hits, predicted, labelled), macroF1: present > 0 ? sum / present : 0 };
}

function averagePrecision(
  probabilities: Float32Array,
  targets: ArrayLike<number>,
  numClasses: number,
  k: number,
): number {
  const order = Array.from({ length: probabilities.length / numClasses }, (_, item) => item * numClasses + k);
  order.sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number));
  const positives = order.filter((at) => (targets[at] as number) > 0.5).length;
  let [hits, seen, area] = [0, 0, 0];
  while (seen < order.length) {
    const level = probabilities[order[seen] as number];
    const before = hits;
    for (; seen < order.length && probabilities[order[seen] as number] === level; seen++)
      if ((targets[order[seen] as number] as number) > 0.5) hits += 1;
    area += ((hits - before) / positives) * (hits / seen);
  }
  return area;
}
