import "@tensorflow/tfjs-backend-cpu";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";

export { expectClose } from "../../../tooling/test/expect-close.js";

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
