import { ShapeError } from "@graticule/core";
import { checkLabels } from "./labelled-features.js";

/** Predictions of about the same confidence. */
export interface CalibrationBin {
  /** Confidences of this bin lie above `low`, up to `high`. */
  readonly low: number;
  readonly high: number;
  readonly numItems: number;
  /** Mean of the highest probabilities, and share of right predictions; 0 of an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  /** Mean distance of accuracy and confidence over the bins, by their items (expected calibration error). */
  readonly expectedError: number;
  /** The largest distance of a bin with items. */
  readonly largestError: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * How well a classifier's probabilities, softmax(logits), tell how often it is right.
 *
 * Shape: `logits [N, K]`, `labels [N]`.
 * Source: Guo et al. 2017, §2, arXiv:1706.04599; 15 bins as there.
 *
 * @throws {ShapeError} if there is not one row of logits for each label. @throws {RangeError} if a label is out of range.
 */
export function calibration(logits: Float32Array, labels: Int32Array, numClasses: number, numBins = 15): Calibration {
  checkLabels("calibration", labels, numClasses);
  const numItems = labels.length;
  if (numItems === 0 || logits.length !== numItems * numClasses)
    throw new ShapeError("calibration", `logits [N, ${numClasses}] for one label or more`, `${logits.length} values`);
  const sums = Array.from({ length: numBins }, () => ({ items: 0, confidence: 0, right: 0 }));
  for (const [item, label] of labels.entries()) {
    const row = logits.subarray(item * numClasses, (item + 1) * numClasses);
    const best = row.reduce((at, logit, k) => (logit > (row[at] as number) ? k : at), 0);
    const confidence = 1 / row.reduce((sum, logit) => sum + Math.exp(logit - (row[best] as number)), 0);
    const bin = sums[Math.min(numBins - 1, Math.max(0, Math.ceil(confidence * numBins) - 1))] as (typeof sums)[0];
    bin.items += 1;
    bin.confidence += confidence;
    bin.right += best === label ? 1 : 0;
  }
  const bins = sums.map(({ items, confidence, right }, index): CalibrationBin => {
    const ends = { low: index / numBins, high: (index + 1) / numBins };
    return { ...ends, numItems: items, confidence: confidence / (items || 1), accuracy: right / (items || 1) };
  });
  const gaps = bins.map((bin) => Math.abs(bin.accuracy - bin.confidence));
  return {
    expectedError: gaps.reduce(
      (sum, gap, index) => sum + (gap * (bins[index] as CalibrationBin).numItems) / numItems,
      0,
    ),
    largestError: Math.max(...gaps),
    bins,
  };
}
