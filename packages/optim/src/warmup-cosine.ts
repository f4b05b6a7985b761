import { expectation } from "@graticule/core";

export interface WarmupCosineOptions {
  /** Learning rate at the end of the warm-up. */
  readonly baseLr: number;
  /** Updates in which the rate rises linearly from 0; may be 0. */
  readonly warmupSteps: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Learning rate at the end of the run. */
  readonly minLr: number;
}

/**
 * Learning rate that rises linearly from 0 and falls along half a cosine: baseLr · step/warmupSteps, then
 * minLr + (baseLr − minLr) · (1 + cos(π · progress)) / 2; minLr after `totalSteps`.
 *
 * Units: `step` counts finished updates, from 0.
 * Source: Loshchilov and Hutter 2017, eq. 5, arXiv:1608.03983; warm-up as in MAE's `adjust_learning_rate`.
 *
 * @throws {RangeError} unless 0 ≤ warmupSteps < totalSteps, whole numbers, and 0 ≤ minLr ≤ baseLr.
 */
export function warmupCosine({
  baseLr,
  warmupSteps,
  totalSteps,
  minLr,
}: WarmupCosineOptions): (step: number) => number {
  if (!(Number.isInteger(warmupSteps) && Number.isInteger(totalSteps) && warmupSteps >= 0 && warmupSteps < totalSteps))
    throw new RangeError(
      expectation(
        "warmupCosine",
        "whole numbers with 0 ≤ warmupSteps < totalSteps",
        `warmupSteps ${warmupSteps}, totalSteps ${totalSteps}`,
        "Train longer or warm up less.",
      ),
    );
  if (!(minLr >= 0 && minLr <= baseLr))
    throw new RangeError(expectation("warmupCosine", "0 ≤ minLr ≤ baseLr", `minLr ${minLr}, baseLr ${baseLr}`));
  return (step) => {
    if (step < warmupSteps) return (baseLr * step) / warmupSteps;
    const progress = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
    return minLr + ((baseLr - minLr) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}
