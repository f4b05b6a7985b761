import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { registerGradients } from "@graticule/autodiff";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";

export { expectClose } from "../../../tooling/test/expect-close.js";

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
