import { backward } from "@graticule/autodiff";
import type { Module } from "@graticule/nn";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";

interface TrainingStep {
  /** Returns the loss. */
  (index: number): number;
  /** Frees the moments. */
  dispose(): void;
}

/** One step a call: forward, backward, an AdamW update of each parameter, loss read. */
export function makeTrainingStep(model: Module, loss: (index: number) => Scalar, learningRate = 1.5e-4): TrainingStep {
  const optimizer = makeAdamW({ groups: weightDecayGroups(model, 0.05), betas: [0.9, 0.95] });
  const pathOf = new Map<Variable, string>(
    model
      .namedParameters()
      .flatMap(([path, { trainable, variable }]) => (trainable ? [[variable, path] as const] : [])),
  );
  const step = (index: number): number => {
    const gradients = new Map<string, Tensor>();
    const value = backward(
      () => loss(index),
      [...pathOf.keys()],
      (variable, gradient) => gradients.set(pathOf.get(variable) as string, gradient),
    );
    for (const [path, gradient] of gradients) {
      optimizer.apply(path, gradient, learningRate);
      gradient.dispose();
    }
    optimizer.step();
    const [number] = value.dataSync();
    value.dispose();
    return number as number;
  };
  return Object.assign(step, { dispose: () => optimizer.dispose() });
}
