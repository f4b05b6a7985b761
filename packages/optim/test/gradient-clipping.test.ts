import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { clipCoefficient, globalNorm } from "../src/index.js";

describeOnBackends("globalNorm", () => {
  it("is the length of all gradients as one vector, and frees what it makes", () => {
    const gradients = [
      tf.tensor2d([
        [1, 2],
        [2, 0],
      ]),
      tf.tensor1d([4]),
      tf.scalar(-12),
    ];
    const { numTensors } = tf.memory();
    expect(globalNorm(gradients)).toBe(13); // 1 + 4 + 4 + 16 + 144
    expect(globalNorm([])).toBe(0);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(numbers(gradients[1])).toEqual([4]);
    tf.dispose(gradients);
  });

  it("shows a gradient that is not finite", () => {
    expect(globalNorm([tf.tensor1d([1, Number.NaN])])).toBeNaN();
    expect(globalNorm([tf.tensor1d([1, Number.POSITIVE_INFINITY])])).toBe(Number.POSITIVE_INFINITY);
  });
});

it("clipCoefficient brings a long gradient to the largest norm and leaves a short one", () => {
  expect(clipCoefficient(13, 1) * 13).toBeCloseTo(1, 6);
  expect(clipCoefficient(0.5, 1)).toBe(1);
  expect(clipCoefficient(0, 1)).toBe(1);
});
