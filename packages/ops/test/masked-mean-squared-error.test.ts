import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { maskedMeanSquaredError, normalizePatches } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";

describeOnBackends("maskedMeanSquaredError", () => {
  it("averages over a patch's values, then over the masked patches", () => {
    const prediction = tf.tensor3d([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [0, 0],
        [0, 0],
        [1, 3],
      ],
    ]);
    const target = tf.zeros([2, 3, 2]);
    const mask = tf.tensor2d([
      [1, 0, 1],
      [0, 0, 1],
    ]);
    // patches: (1 + 4) / 2, (25 + 36) / 2, (1 + 9) / 2
    expectClose(numbers(maskedMeanSquaredError(prediction, target, mask)), [(2.5 + 30.5 + 5) / 3], 1e-6);
  });

  it("has the gradient of finite differences, none for patches that don't count", () => {
    const mask = tf.tensor2d([[1, 0, 1]]);
    checkGradient(
      (prediction, target) => maskedMeanSquaredError(prediction as tf.Tensor, target as tf.Tensor, mask),
      [normalInput([1, 3, 4], 1), normalInput([1, 3, 4], 2)],
    );
    checkGradient(
      (prediction) => maskedMeanSquaredError(prediction as tf.Tensor, tf.ones([1, 3, 4]), mask),
      [normalInput([1, 3, 4], 1)],
    );
  });
});

describeOnBackends("normalizePatches", () => {
  it("divides by the root of the unbiased variance plus 1e-6", () => {
    const patches = tf.tensor3d([
      [
        [1, 2, 3],
        [7, 7, 7],
      ],
    ]); // variance 1 and 0
    const unit = 1 / Math.sqrt(1 + 1e-6);
    expectClose(numbers(normalizePatches(patches)), [-unit, 0, unit, 0, 0, 0], 1e-6);
  });

  it("has the gradient of finite differences", () => {
    checkGradient((patches) => normalizePatches(patches as tf.Tensor), [normalInput([1, 2, 8], 3)], {
      tolerance: 3e-3,
    });
  });
});
