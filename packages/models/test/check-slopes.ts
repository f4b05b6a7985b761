import { valueAndGrad } from "@graticule/autodiff";
import type { Module } from "@graticule/nn";
import { type Scalar, tidy } from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { randomTensor } from "./random-tensor.js";

/**
 * Checks that a loss changes along a random direction of each parameter as its gradient says, by fourth-order
 * differences. The rounding of a float32 loss near 1 (6e-8) over steps of 0.01 leaves about 1e-5.
 */
export function checkSlopes(model: Module, loss: () => Scalar, tolerance = 5e-3): void {
  const trained = model.namedParameters().filter(([, { trainable }]) => trainable);
  const variables = trained.map(([, { variable }]) => variable);
  const { value, gradients } = valueAndGrad(loss, variables);
  for (const [index, [path, parameter]] of trained.entries()) {
    const at = parameter.variable.dataSync().slice() as Float32Array;
    const gradient = gradients[index]!.dataSync() as Float32Array;
    const direction = tidy(() => randomTensor(parameter.shape, path).dataSync());
    const slope = gradient.reduce((sum, value, axis) => sum + value * direction[axis]!, 0);
    const along = (step: number): number => {
      parameter.assign(at.map((value, axis) => value + step * direction[axis]!));
      return tidy(() => loss().dataSync()[0] as number);
    };
    const h = 0.01;
    const difference = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
    parameter.assign(at);
    expect.soft(Math.abs(difference - slope) / Math.max(Math.hypot(...gradient), 1e-2), path).toBeLessThan(tolerance);
  }
  value.dispose();
  for (const gradient of gradients) gradient?.dispose();
}
