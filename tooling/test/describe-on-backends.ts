import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { registerGradients } from "@graticule/autodiff";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";

export const backends: readonly string[] = isAddonBuilt() ? ["cpu", "wasm", "torch"] : ["cpu", "wasm"];

type Tests = (backend: string) => void;

/** Runs the tests once on each backend; each must free all that it makes, apart from variables. */
export function describeOnBackends(title: string, tests: Tests, names = backends): void {
  describeEach(title, tests, names, (kept) => expect(kept, "tensors that outlive the test").toBeLessThanOrEqual(0));
}

/** The same for tests of models, whose constants outlive them. */
export function describeModelsOnBackends(title: string, tests: Tests): void {
  describeEach(title, tests, backends, () => {});
}

function describeEach(title: string, tests: Tests, names: readonly string[], check: (kept: number) => void): void {
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
      check(tf.memory().numTensors - before);
    });
    afterAll(() => tf.disposeVariables());
    tests(backend);
  });
}
