import "@tensorflow/tfjs-backend-cpu";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";

/** Runs the tests once on each backend; each must free all that it makes but what its models hold. */
export function describeOnBackends(title: string, tests: (backend: string) => void): void {
  describe.each(isAddonBuilt() ? ["cpu", "torch"] : ["cpu"])(`${title} on %s`, (backend) => {
    beforeAll(async () => {
      tf.enableProdMode(); // no banner
      await tf.setBackend(backend);
    });
    beforeEach(() => tf.engine().startScope());
    afterEach(() => tf.engine().endScope());
    afterAll(() => tf.disposeVariables());
    tests(backend);
  });
}

export function numbers(x: tf.Tensor): number[] {
  return Array.from(x.dataSync());
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
