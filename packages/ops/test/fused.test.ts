import { isAddonBuilt, setPrecision } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { backends, describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { composedAdamW } from "../src/adam-w.js";
import { adamW, sumOfSquares } from "../src/index.js";
import { evaluateCase, type FusedCase, fusedCases } from "./fused-cases.js";
import { normalTensor } from "./random-tensors.js";

describeOnBackends("memory", () => {
  it.each(Object.keys(fusedCases))("%s leaves its result, and its gradients, alone", (name) => {
    const { shapes, fused } = fusedCases[name] as FusedCase;
    const inputs = shapes.map((shape, seed) => normalTensor(shape, seed)) as unknown as Parameters<FusedCase["fused"]>;
    const { numTensors } = tf.memory();
    const output = fused(...inputs);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    output.dispose();
    evaluateCase(fused, shapes);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

const fusedNames = Object.keys(fusedCases).filter((name) => fusedCases[name]?.composed);

describeOnBackends(
  "fused operations",
  () => {
    afterEach(() => setPrecision("fp32"));

    it.each(fusedNames)("%s equals its composed form, values and gradients", (name) => {
      const { shapes, fused, composed } = fusedCases[name] as Required<FusedCase>;
      const expected = evaluateCase(composed, shapes);
      for (const [index, values] of evaluateCase(fused, shapes).entries())
        expectClose(values, expected[index] as number[], 1e-5); // float32, summed in another order
    });

    it.each(fusedNames)("%s in bf16 stays within 1/64 of float32", (name) => {
      const { shapes, fused, composed } = fusedCases[name] as Required<FusedCase>;
      const expected = evaluateCase(composed, shapes);
      setPrecision("bf16");
      for (const [index, values] of evaluateCase(fused, shapes).entries())
        expectClose(values, expected[index] as number[], 2 ** -6); // bf16 keeps 8 bits, and up to four tensors are rounded
    });

    it("adamW equals its composed form over 10 updates", () => {
      const run = (update: typeof adamW): number[] => {
        const [param, first, second] = [normalTensor([7, 9], 1), tf.zeros([7, 9]), tf.zeros([7, 9])].map((tensor) =>
          tf.variable(tensor),
        ) as [tf.Variable, tf.Variable, tf.Variable];
        for (let step = 1; step <= 10; step++)
          update(param, normalTensor([7, 9], 100 + step), first, second, {
            learningRate: 0.01,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            weightDecay: 0.05,
            gradScale: 0.7,
            step,
          });
        return [param, first, second].flatMap(numbers);
      };
      expectClose(run(adamW), run(composedAdamW), 1e-6);
    });

    it("sumOfSquares adds up in float64", () => {
      // In float32, adding 1 to 2²⁴ changes nothing.
      const sum = sumOfSquares(tf.concat([tf.tensor1d([4096]), tf.ones([1000])]));
      expect(numbers(sum)).toEqual([4096 ** 2 + 1000]);
    });
  },
  isAddonBuilt() ? ["torch"] : [],
);

describe("the list of backends", () => {
  it("has the torch backend wherever its addon is built", () => {
    expect(backends.includes("torch")).toBe(isAddonBuilt());
  });
});
