import { ShapeError } from "@graticule/core";

/** Frozen features with their classes: what a probe learns from or is judged on. */
export interface LabelledFeatures {
  /** `[N, D]`, row by row. */
  readonly values: Float32Array;
  /** `[N]`, each from 0 to numClasses − 1. */
  readonly labels: Int32Array;
  readonly numClasses: number;
}

/**
 * Checks a feature set once, at the boundary, and gives its two sizes.
 *
 * @throws {ShapeError} if there are no items, or the values don't divide into N rows of finite numbers.
 * @throws {RangeError} if numClasses or a label is out of range.
 */
export function checkLabelledFeatures(
  where: string,
  features: LabelledFeatures,
): { numItems: number; numFeatures: number } {
  const { values, labels, numClasses } = features;
  const numItems = labels.length;
  if (numItems === 0) throw new ShapeError(where, "at least one item", "0 labels", "Give features of some images.");
  const numFeatures = values.length / numItems;
  if (!(Number.isInteger(numFeatures) && numFeatures > 0))
    throw new ShapeError(
      where,
      `values [${numItems}, D] for ${numItems} labels`,
      `${values.length} values`,
      "Give one row of features for each label.",
    );
  checkLabels(where, labels, numClasses);
  const badAt = values.findIndex((value) => !Number.isFinite(value));
  if (badAt >= 0)
    throw new RangeError(
      `${where}: expected finite features, got ${values[badAt]} in item ${Math.floor(badAt / numFeatures)}, feature ${badAt % numFeatures}. Look for a diverged encoder or nodata pixels.`,
    );
  return { numItems, numFeatures };
}

/** @throws {RangeError} if numClasses is not a positive integer or a label is not from 0 to numClasses − 1. */
export function checkLabels(where: string, labels: Int32Array, numClasses: number): void {
  if (!(Number.isInteger(numClasses) && numClasses > 0))
    throw new RangeError(`${where}: expected numClasses of 1 or more, got ${numClasses}. Count the class names.`);
  const badAt = labels.findIndex((label) => label < 0 || label >= numClasses);
  if (badAt >= 0)
    throw new RangeError(
      `${where}: expected labels from 0 to ${numClasses - 1}, got ${labels[badAt]} for item ${badAt}. Leave out unlabelled items.`,
    );
}

/** Checks a train and a test set, each and against each other; errors as in `checkLabelledFeatures`. */
export function checkTrainAndTest(
  where: string,
  train: LabelledFeatures,
  test: LabelledFeatures,
): { numTrain: number; numTest: number; numFeatures: number; numClasses: number } {
  const trainSize = checkLabelledFeatures(`${where} trainFeatures`, train);
  const testSize = checkLabelledFeatures(`${where} testFeatures`, test);
  if (testSize.numFeatures !== trainSize.numFeatures || test.numClasses !== train.numClasses)
    throw new ShapeError(
      `${where} testFeatures`,
      `${trainSize.numFeatures} features and ${train.numClasses} classes as in trainFeatures`,
      `${testSize.numFeatures} features and ${test.numClasses} classes`,
      "Use the same encoder and class list for both.",
    );
  return {
    numTrain: trainSize.numItems,
    numTest: testSize.numItems,
    numFeatures: trainSize.numFeatures,
    numClasses: train.numClasses,
  };
}
