import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe } from "vitest";
import { registerGradients } from "../../autodiff/src/index.js";
import { isAddonBuilt } from "../src/index.js";

/** A suite that needs the addon; its title says why it is skipped. */
export function describeTorch(title: string, suite: () => void): void {
  const built = isAddonBuilt();
  const reason = built ? "" : " (skipped: the addon is not built, run `npx graticule-torch-build`)";
  describe.skipIf(!built)(title + reason, suite);
}

registerGradients();

/** Runs a kernel by its name on the active backend. */
export function runKernel(name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs, attrs as never) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** Numbers spread over [-scale, scale], the same for the same seed. */
export function numbers(count: number, seed: number, scale = 1): number[] {
  return Array.from({ length: count }, (_, i) => scale * Math.sin(12.9898 * (i + 1) + 78.233 * seed));
}

/** Derivative of sum(dy · f(x)) by central differences in float64. */
export function numericalGradient(f: (x: number[]) => number[], x: number[], dy: number[], step = 1e-5): number[] {
  const value = (at: number[]) => f(at).reduce((sum, y, i) => sum + y * dy[i]!, 0);
  return x.map((xi, i) => {
    const shifted = (by: number) => value(x.map((other, j) => (j === i ? xi + by : other)));
    return (shifted(step) - shifted(-step)) / (2 * step);
  });
}
