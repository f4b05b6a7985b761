import "@tensorflow/tfjs-backend-cpu";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe } from "vitest";
import type { OptimizedParameter } from "../src/index.js";

/** Runs the tests once on each backend. */
export function describeOnBackends(title: string, tests: () => void): void {
  describe.each(isAddonBuilt() ? ["cpu", "torch"] : ["cpu"])(`${title} on %s`, (backend) => {
    beforeAll(async () => {
      tf.enableProdMode(); // no banner
      await tf.setBackend(backend);
    });
    afterEach(() => tf.disposeVariables());
    tests();
  });
}

export function makeParameter(shape: number[], values: readonly number[], trainable = true): OptimizedParameter {
  return { shape, trainable, variable: tf.tidy(() => tf.variable(tf.tensor(values as number[], shape))) };
}

export const numbers = (tensor: tf.Tensor | undefined): number[] => Array.from(tensor?.dataSync<"float32">() ?? []);
