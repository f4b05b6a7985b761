import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { layerNorm } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";

describeOnBackends("layerNorm", () => {
  it("normalizes by mean and biased variance, then scales and shifts", () => {
    const y = layerNorm(
      tf.tensor2d([
        [1, 2, 3, 4],
        [2, 2, 2, 2],
      ]),
      tf.tensor1d([1, 1, 1, 2]),
      tf.tensor1d([0, 0, 0, 5]),
      1e-6,
    );
    const unit = 1 / Math.sqrt(1.25 + 1e-6); // mean 2.5, variance 1.25
    expectClose(numbers(y), [-1.5 * unit, -0.5 * unit, 0.5 * unit, 3 * unit + 5, 0, 0, 0, 5], 1e-6);
  });

  it("adds epsilon to the variance, not to the deviation", () => {
    const y = layerNorm(tf.tensor1d([-1, 1]), tf.tensor1d([1, 1]), tf.tensor1d([0, 0]), 3);
    expectClose(numbers(y), [-0.5, 0.5], 1e-6);
  });

  it("has the gradient of finite differences", () => {
    checkGradient(
      (x, gamma, beta) => layerNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, 1e-5),
      [normalInput([2, 3, 6], 1), normalInput([6], 2), normalInput([6], 3)],
      { tolerance: 3e-3 }, // strongly curved where a row's values lie close together
    );
  });
});
