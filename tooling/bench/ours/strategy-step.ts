import { backward } from "@graticule/autodiff";
import type { Module } from "@graticule/nn";
import { sumOfSquares } from "@graticule/ops";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import type { Strategy } from "@graticule/train";
import { type Scalar, stack, type Tensor, tidy, type Variable } from "@tensorflow/tfjs-core";

interface StrategyStep {
  /** One step: forward, backward, reductions, gradient norm, an AdamW update. */
  (index: number): Promise<void>;
  /** Frees the moments. */
  dispose(): void;
}

interface StrategyStepOptions {
  readonly loss: (index: number) => Scalar;
  /** Samples of this rank's batch. */
  readonly samples: number;
  /** Called with each gradient, before the strategy takes it. */
  readonly onGradient?: (gradient: Tensor) => void;
}

/** A training step as a strategy takes it, on one rank or several. */
export function makeStrategyStep(
  model: Module,
  strategy: Strategy,
  { loss: lossOf, samples, onGradient }: StrategyStepOptions,
): StrategyStep {
  const groups = weightDecayGroups(model, 0.05).map((group) => ({
    ...group,
    parameters: strategy.ownParameters(group.parameters),
  }));
  const optimizer = makeAdamW({ groups, betas: [0.9, 0.95] });
  const pathOf = new Map<Variable, string>();
  for (const [path, { trainable, variable }] of model.namedParameters()) if (trainable) pathOf.set(variable, path);

  async function step(index: number): Promise<void> {
    strategy.beforeForward();
    const loss = backward(
      () => lossOf(index),
      [...pathOf.keys()],
      (variable, gradient) => {
        onGradient?.(gradient);
        strategy.takeGradient(pathOf.get(variable) as string, gradient, true);
      },
    );
    const gradients = [...(await strategy.finishGradients())];
    const squares = tidy(() => stack(gradients.map(([, gradient]) => sumOfSquares(gradient))));
    const values = await squares.data();
    squares.dispose();
    await strategy.reduceStatistics({
      loss: (await loss.data())[0] as number,
      gradientSquares: new Map(gradients.map(([path], at) => [path, values[at] as number])),
      samples,
    });
    for (const [path, gradient] of gradients) optimizer.apply(path, gradient, 1.5e-4);
    optimizer.step();
    strategy.releaseGradients();
    loss.dispose();
  }
  return Object.assign(step, { dispose: () => optimizer.dispose() });
}
