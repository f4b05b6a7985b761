import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { adamW, sumOfSquares } from "../src/index.js";

const variable = (...values: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(values)));

describeOnBackends("adamW", () => {
  it("makes two updates as worked in float64", () => {
    const hyper = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.2, gradScale: 0.5 };
    const [param, first, second] = [variable(1, -2), variable(0, 0), variable(0, 0)] as const;
    const expected = { param: [1, -2], first: [0, 0], second: [0, 0] };
    for (const [index, gradients] of [
      [4, -6],
      [1, 2],
    ].entries()) {
      const step = index + 1;
      const gradient = tf.tensor1d(gradients);
      const { numTensors, numBytes } = tf.memory();
      adamW(param, gradient, first, second, { ...hyper, step });
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
      expect(numbers(gradient)).toEqual(gradients); // only read
      for (const position of [0, 1]) {
        const g = 0.5 * (gradients[position] as number);
        const m = 0.9 * (expected.first[position] as number) + 0.1 * g;
        const v = 0.99 * (expected.second[position] as number) + 0.01 * g * g;
        const direction = m / (1 - 0.9 ** step) / (Math.sqrt(v / (1 - 0.99 ** step)) + 1e-3);
        expected.param[position] = (expected.param[position] as number) * (1 - 0.1 * 0.2) - 0.1 * direction;
        expected.first[position] = m;
        expected.second[position] = v;
      }
      gradient.dispose();
    }
    expectClose(numbers(param), expected.param, 1e-6);
    expectClose(numbers(first), expected.first, 1e-6);
    expectClose(numbers(second), expected.second, 1e-6);
  });
});

describeOnBackends("sumOfSquares", () => {
  it("adds up the squares of all values", () => {
    const sum = sumOfSquares(
      tf.tensor2d([
        [1, -2, 3],
        [4, 0, 0.5],
      ]),
    );
    expect(sum.shape).toEqual([]);
    expect(numbers(sum)).toEqual([30.25]);
  });
});
