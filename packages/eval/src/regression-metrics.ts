import { ShapeError } from "@graticule/core";

/** Sums over predictions and their targets, which can be added up over batches and processes. */
export interface ErrorSums {
  readonly count: number;
  /** Of prediction − target. */
  readonly errors: number;
  readonly squaredErrors: number;
  readonly distances: number;
  /** Of targets less `center`, a number near their mean, so that the variance keeps its digits. */
  readonly targets: number;
  readonly squaredTargets: number;
  readonly center: number;
}

/** Units: those of the targets, but for R². */
export interface RegressionMetrics {
  readonly count: number;
  readonly rmse: number;
  readonly mae: number;
  /** Mean of prediction − target. */
  readonly bias: number;
  /** 1 − squared errors ÷ those of the targets' mean. */
  readonly r2: number;
}

export const noErrors = (center = 0): ErrorSums => ({
  ...{ count: 0, errors: 0, squaredErrors: 0, distances: 0, targets: 0, squaredTargets: 0, center },
});

/**
 * Adds predictions to sums; targets that are NaN don't count.
 *
 * @throws {ShapeError} if there is not one prediction for each target.
 */
export function addErrors(sums: ErrorSums, predictions: ArrayLike<number>, targetValues: ArrayLike<number>): ErrorSums {
  if (predictions.length !== targetValues.length)
    throw new ShapeError("addErrors", `${targetValues.length} predictions`, `${predictions.length}`);
  let { count, errors, squaredErrors, distances, targets, squaredTargets } = sums;
  for (let index = 0; index < targetValues.length; index++) {
    const target = targetValues[index] as number;
    if (Number.isNaN(target)) continue;
    const error = (predictions[index] as number) - target;
    const centered = target - sums.center;
    count += 1;
    errors += error;
    squaredErrors += error * error;
    distances += Math.abs(error);
    targets += centered;
    squaredTargets += centered * centered;
  }
  return { count, errors, squaredErrors, distances, targets, squaredTargets, center: sums.center };
}

/**
 * Judges predictions of numbers by sums of several processes, which have one `center`.
 *
 * @throws {RangeError} if there is no target.
 */
export function regressionMetrics(parts: readonly ErrorSums[]): RegressionMetrics {
  const total = (field: Exclude<keyof ErrorSums, "center">): number =>
    parts.reduce((sum, part) => sum + part[field], 0);
  const count = total("count");
  if (!(count > 0)) throw new RangeError("regressionMetrics: expected targets, got none.");
  const spread = total("squaredTargets") - total("targets") ** 2 / count;
  return {
    count,
    rmse: Math.sqrt(total("squaredErrors") / count),
    mae: total("distances") / count,
    bias: total("errors") / count,
    r2: 1 - total("squaredErrors") / spread,
  };
}
