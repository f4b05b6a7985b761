import { ShapeError } from "@graticule/core";
import { type ClassScores, scoresFromCounts } from "./classification-metrics.js";

/** Scores of one class over pixels; 0 where there is nothing to divide by. */
export interface SegmentClassScores extends ClassScores {
  /** Pixels of the class that were found ÷ pixels that are of it or were taken for it. */
  readonly iou: number;
}

export interface SegmentationMetrics {
  readonly numPixels: number;
  /** Share of pixels whose class is right. */
  readonly pixelAccuracy: number;
  /** Mean recall over the classes that have pixels. */
  readonly meanAccuracy: number;
  /** Mean IoU over the classes that occur among labels or predictions. */
  readonly mIoU: number;
  /** Mean F1 over these. */
  readonly macroF1: number;
  readonly perClass: readonly SegmentClassScores[];
  /** `[K][K]` pixels: row = true class, column = predicted class. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

/**
 * Counts pixels by true and predicted class into `counts`; labels outside of 0 … K − 1 are unlabelled and don't count.
 *
 * Shape: predictions and labels of the same pixels; `counts` `[K, K]`, row = true class.
 *
 * @throws {ShapeError} if there is not one prediction for each label.
 */
export function countConfusion(
  counts: Float64Array,
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
): void {
  if (predictions.length !== labels.length)
    throw new ShapeError("countConfusion", `${labels.length} predictions`, `${predictions.length}`);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] as number;
    if (label >= 0 && label < numClasses) counts[label * numClasses + (predictions[pixel] as number)]! += 1;
  }
}

/**
 * Judges a segmentation by its confusion matrix.
 *
 * Shape: counts `[K, K]`, row = true class, as `countConfusion` makes them.
 *
 * @throws {ShapeError} if the counts are not those of K classes. @throws {RangeError} if there is no pixel.
 */
export function segmentationMetrics(counts: ArrayLike<number>, numClasses: number): SegmentationMetrics {
  if (counts.length !== numClasses ** 2)
    throw new ShapeError("segmentationMetrics", `[${numClasses}, ${numClasses}] counts`, `${counts.length} values`);
  const confusionMatrix = Array.from({ length: numClasses }, (_, row) =>
    Array.from({ length: numClasses }, (_, column) => counts[row * numClasses + column] as number),
  );
  const numPixels = confusionMatrix.flat().reduce((sum, count) => sum + count, 0);
  if (!(numPixels > 0)) throw new RangeError("segmentationMetrics: expected labelled pixels, got none.");
  const { perClass: scores, macroF1 } = scoresFromCounts(counts, numClasses);
  const hits = confusionMatrix.map((row, k) => row[k] as number);
  const unions = scores.map(({ support }, k) => {
    const predicted = confusionMatrix.reduce((sum, row) => sum + (row[k] as number), 0);
    return support + predicted - (hits[k] as number);
  });
  const perClass = scores.map((each, k): SegmentClassScores => {
    const union = unions[k] as number;
    return { ...each, iou: union > 0 ? (hits[k] as number) / union : 0 };
  });
  const present = perClass.filter((_, k) => (unions[k] as number) > 0);
  const labelled = perClass.filter(({ support }) => support > 0);
  return {
    numPixels,
    pixelAccuracy: hits.reduce((sum, count) => sum + count, 0) / numPixels,
    meanAccuracy: labelled.reduce((sum, { recall }) => sum + recall, 0) / labelled.length,
    mIoU: present.reduce((sum, { iou }) => sum + iou, 0) / present.length,
    macroF1,
    perClass,
    confusionMatrix,
  };
}

/** Scores of telling the same class of every pixel: the one that has most, a floor for any model. */
export interface MajorityBaseline {
  readonly label: number;
  readonly mIoU: number;
  readonly pixelAccuracy: number;
}

/**
 * Judges the answer that is the commonest class of the judged pixels themselves.
 *
 * Shape: a confusion matrix `[K][K]`, row = true class; the predictions in it don't matter.
 *
 * @throws {RangeError} if there is no pixel.
 */
export function majorityBaseline(confusionMatrix: SegmentationMetrics["confusionMatrix"]): MajorityBaseline {
  const supports = confusionMatrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const label = supports.indexOf(Math.max(...supports));
  const numClasses = supports.length;
  const counts = new Float64Array(numClasses ** 2);
  for (const [row, support] of supports.entries()) counts[row * numClasses + label] = support;
  const { mIoU, pixelAccuracy } = segmentationMetrics(counts, numClasses);
  return { label, mIoU, pixelAccuracy };
}
