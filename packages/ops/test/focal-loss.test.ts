import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { focalLoss, softmaxCrossEntropy } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

const oneHot = (labels: readonly number[], numClasses: number): tf.Tensor =>
  tf.tensor2d(labels.map((label) => Array.from({ length: numClasses }, (_, k) => (k === label ? 1 : 0))));

describeOnBackends("focalLoss", () => {
  it("is the paper's for two classes worked by hand", () => {
    // p = 0.9 and 0.1: (1 − 0.9)² · −ln 0.9 and (1 − 0.1)² · −ln 0.1
    const logits = tf.tensor2d([
      [Math.log(9), 0],
      [Math.log(9), 0],
    ]);
    const expected = (0.01 * -Math.log(0.9) + 0.81 * -Math.log(0.1)) / 2;
    expectClose(numbers(focalLoss(logits, oneHot([0, 1], 2))), [expected], 1e-6);
    const weighted = (0.01 * 3 * -Math.log(0.9) + 0.81 * 0.5 * -Math.log(0.1)) / 2;
    expectClose(numbers(focalLoss(logits, oneHot([0, 1], 2), { alpha: Float32Array.of(3, 0.5) })), [weighted], 1e-6);
  });

  it("is the cross-entropy for γ = 0, also with targets that are shared out", () => {
    const logits = normalTensor([3, 4], 5);
    const labels = [3, 0, 2];
    const smooth = tf.add(tf.mul(oneHot(labels, 4), 0.8), 0.2 / 4);
    expectClose(
      numbers(focalLoss(logits, smooth, { gamma: 0 })),
      numbers(softmaxCrossEntropy(logits, Int32Array.from(labels), { labelSmoothing: 0.2 })),
      1e-6,
    );
  });

  it("stays finite where a class is certain", () => {
    const certain = tf.tensor2d([[1000, 0]]);
    expectClose(numbers(focalLoss(certain, oneHot([0], 2), { gamma: 0.5 })), [0], 1e-6);
    expectClose(numbers(focalLoss(certain, oneHot([1], 2))), [1000], 1e-6);
  });

  it("has the gradient of finite differences", () => {
    const targets = tf.tensor2d([
      [0, 0, 1, 0],
      [0.3, 0.7, 0, 0],
      [0.1, 0.1, 0.1, 0.7],
    ]);
    for (const gamma of [0, 0.5, 2])
      checkGradient(
        (logits) => focalLoss(logits as tf.Tensor, targets, { gamma, alpha: Float32Array.of(1, 2, 0.5, 1) }),
        [normalInput([3, 4], 1)],
      );
  });

  it("refuses other shapes and negative numbers", () => {
    const logits = normalTensor([2, 3], 1);
    expect(() => focalLoss(logits, tf.zeros([2, 4]))).toThrow(/targets/);
    expect(() => focalLoss(logits, tf.zeros([2, 3]), { gamma: -1 })).toThrow(
      "focalLoss: expected gamma and alpha of at least 0, got gamma -1, alpha 1.",
    );
    expect(() => focalLoss(logits, tf.zeros([2, 3]), { alpha: Float32Array.of(1, 1) })).toThrow(/alpha for 3 classes/);
  });
});
