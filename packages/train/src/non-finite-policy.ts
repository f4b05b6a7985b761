import { expectation, NonFiniteError } from "@graticule/core";
import { describeNonFinite } from "./step-statistics.js";
import type { StepStatistics } from "./strategy.js";

/**
 * What a loss or gradient that is not finite does. `stop` ends the run before the step reaches the weights. `skip` leaves
 * weights, moments and the optimizer's count of updates as they are and goes on with the next batch: the step counts, so
 * that the learning rate, the end of the run and the order of the data are those of a run without skips.
 */
export type NonFinitePolicy = "stop" | "skip";

/** More steps in a row that are not finite than this end a run that skips them: it has diverged. */
const MOST_SKIPPED_IN_A_ROW = 10;

/**
 * Makes the judge of steps. It says what is not finite of a step that is to be skipped, and nothing of others. All processes
 * of a job have the same statistics, so they judge alike; steps that were skipped before a restart are not counted. Where
 * losses are scaled, a step is skipped under either policy while the scale can still fall.
 */
export function makeStepJudge(
  policy: NonFinitePolicy,
): (step: number, statistics: StepStatistics, scaleCanFall?: boolean) => string | undefined {
  let skipped = 0;
  return (step, statistics, scaleCanFall = false) => {
    const fault = describeNonFinite(statistics);
    if (fault === undefined) {
      skipped = 0;
      return undefined;
    }
    if (scaleCanFall) return fault;
    if (policy === "skip" && skipped++ < MOST_SKIPPED_IN_A_ROW) return fault;
    const advice =
      policy === "skip"
        ? `${MOST_SKIPPED_IN_A_ROW} steps before it were skipped: lower the learning rate, then resume from an earlier checkpoint.`
        : "Lower the learning rate or clip the gradients, look for infinite pixels, then resume from the last checkpoint.";
    throw new NonFiniteError(step, expectation(`step ${step}`, "a finite loss and gradients", fault, advice));
  };
}
