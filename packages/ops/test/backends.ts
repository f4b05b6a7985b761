import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { registerGradients } from "@graticule/autodiff";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";

export { normalTensor, normalValues, numbers } from "./random-tensors.js";

export const backends: readonly string[] = isAddonBuilt() ? ["cpu", "wasm", "torch"] : ["cpu", "wasm"];

/** Runs the tests once on each backend; each test must free all that it makes, apart from variables. */
export function describeOnBackends(title: string, tests: (backend: string) => void, names = backends): void {
  describe.each([...names])(`${title} on %s`, (backend) => {
    let before = 0;
    beforeAll(async () => {
      tf.enableProdMode(); // no banner
      await tf.setBackend(backend);
      registerGradients();
    });
    beforeEach(() => {
      tf.engine().startScope();
      before = tf.memory().numTensors;
    });
    afterEach(() => {
      tf.disposeVariables();
      tf.engine().endScope();
      expect(tf.memory().numTensors, "tensors that outlive the test").toBeLessThanOrEqual(before);
    });
    afterAll(() => tf.disposeVariables());
    tests(backend);
  });
}

/** Expects two lists of numbers to agree within `tolerance` of the largest expected size. */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  let [scale, worst] = [1e-30, 0];
  for (const [index, value] of Array.from(expected).entries()) {
    scale = Math.max(scale, Math.abs(value));
    worst = Math.max(worst, Math.abs((got[index] as number) - value));
  }
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}
