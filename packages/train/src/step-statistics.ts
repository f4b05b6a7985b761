import { NonFiniteError } from "@graticule/core";
import { sumOfSquares } from "@graticule/ops";
import { type Scalar, stack, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { StepStatistics } from "./strategy.js";

/** Reads a step's losses and the sum of squares of each gradient off the backend, all in one transfer. */
export async function measureStep(
  losses: readonly Scalar[],
  gradients: ReadonlyMap<string, Tensor>,
): Promise<Pick<StepStatistics, "loss" | "gradientSquares">> {
  const squares = () => Array.from(gradients.values(), (gradient) => sumOfSquares(gradient));
  const numbers = tidy(() => stack([...losses, ...squares()]));
  const values = [...(await numbers.data())];
  numbers.dispose();
  const lossSum = values.splice(0, losses.length).reduce((sum, loss) => sum + loss, 0);
  const paths = [...gradients.keys()];
  return {
    loss: lossSum / losses.length,
    gradientSquares: new Map(values.map((square, at) => [paths[at] as string, square])),
  };
}

/** L2 norm of the mean gradient, from the sums over `gradAccumSteps` micro-steps. */
export function gradientNorm({ gradientSquares }: StepStatistics, gradAccumSteps: number): number {
  return Math.sqrt([...gradientSquares.values()].reduce((sum, square) => sum + square, 0)) / gradAccumSteps;
}

/**
 * Refuses a step that would spoil the weights. Units: `step` counts from 1, as in the log.
 *
 * @throws {NonFiniteError} naming the step, the loss and the first parameter whose gradient is not finite.
 */
export function assertFinite(step: number, { loss, gradientSquares }: StepStatistics): void {
  const [first] = [...gradientSquares].find(([, square]) => !Number.isFinite(square)) ?? [];
  if (Number.isFinite(loss) && first === undefined) return;
  const gradients = first === undefined ? "finite gradients" : `a gradient of ${first} that is not finite`;
  throw new NonFiniteError(
    step,
    `step ${step}: expected a finite loss and gradients, got loss ${loss} and ${gradients}. ` +
      "Lower the learning rate or clip the gradients, look for infinite pixels, then resume from the last checkpoint.",
  );
}
