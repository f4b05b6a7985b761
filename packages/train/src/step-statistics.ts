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

/** What of a step is not finite: the loss and the first such gradient; undefined if all is. */
export function describeNonFinite({ loss, gradientSquares }: StepStatistics): string | undefined {
  const [first] = [...gradientSquares].find(([, square]) => !Number.isFinite(square)) ?? [];
  if (Number.isFinite(loss) && first === undefined) return undefined;
  const gradients = first === undefined ? "finite gradients" : `a gradient of ${first} that is not finite`;
  return `loss ${loss} and ${gradients}`;
}
