import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { softmaxCrossEntropy } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor, normalValues } from "./random-tensors.js";

describeOnBackends("softmaxCrossEntropy", () => {
  it("is ln K for equal logits and the log odds for two classes", () => {
    expectClose(numbers(softmaxCrossEntropy(tf.zeros([2, 5]), Int32Array.of(0, 4))), [Math.log(5)], 1e-6);
    const logits = tf.tensor2d([[2, 0]]);
    expectClose(numbers(softmaxCrossEntropy(logits, Int32Array.of(1))), [Math.log(1 + Math.exp(2))], 1e-6);
  });

  it("is the mean of −log softmax over the batch", () => {
    const values = normalValues([3, 4], 5);
    const labels = Int32Array.of(3, 0, 2);
    const losses = Array.from(labels, (label, row) => {
      const logits = Array.from(values.subarray(row * 4, row * 4 + 4));
      return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (logits[label] as number);
    });
    const expected = losses.reduce((sum, loss) => sum + loss) / 3;
    expectClose(numbers(softmaxCrossEntropy(normalTensor([3, 4], 5), labels)), [expected], 1e-6);
  });

  it("shares a part of the target out among all classes", () => {
    const logits = [2, 0, -1];
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const target = [0.1, 0.8, 0.1]; // 0.3 shared by three, 0.7 at the label
    const expected = target.reduce((sum, part, i) => sum + part * (logSum - (logits[i] as number)), 0);
    const loss = softmaxCrossEntropy(tf.tensor2d(logits, [1, 3]), Int32Array.of(1), { labelSmoothing: 0.3 });
    expectClose(numbers(loss), [expected], 1e-6);
  });

  it("stays finite with large logits", () => {
    expectClose(numbers(softmaxCrossEntropy(tf.tensor2d([[1000, 0]]), Int32Array.of(1))), [1000], 1e-6);
  });

  it("has the gradient of finite differences", () => {
    checkGradient(
      (logits) => softmaxCrossEntropy(logits as tf.Tensor, Int32Array.of(2, 0, 1)),
      [normalInput([3, 4], 1)],
    );
    checkGradient(
      (logits) => softmaxCrossEntropy(logits as tf.Tensor, Int32Array.of(2, 0, 1), { labelSmoothing: 0.2 }),
      [normalInput([3, 4], 1)],
    );
  });
});
