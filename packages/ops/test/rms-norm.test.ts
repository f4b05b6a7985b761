import { valueAndGrad } from "@graticule/autodiff";
import { getThreads, setThreads } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { backends, describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { rmsNorm } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

describeOnBackends("rmsNorm", () => {
  it("divides by the root mean square, epsilon inside the root, then scales", () => {
    const y = rmsNorm(tf.tensor2d([1, 7, 0, 0], [2, 2]), tf.tensor1d([1, 2]), 11);
    expectClose(numbers(y), [1 / 6, 14 / 6, 0, 0], 1e-6); // mean square 25, and 36 with epsilon
  });

  it("has the gradient of finite differences", () => {
    checkGradient(
      (x, gamma) => rmsNorm(x as tf.Tensor, gamma as tf.Tensor, 1e-5),
      [normalInput([2, 3, 6], 1), normalInput([6], 2)],
      { tolerance: 3e-3 }, // strongly curved where a row's values are small
    );
  });
});

describeOnBackends(
  "rmsNorm's fused kernel",
  () => {
    it("gives the same bits with any number of threads", () => {
      const before = getThreads();
      const [x, gamma] = [[2, 150, 33], [33]].map((shape, seed) =>
        tf.tidy(() => tf.variable(normalTensor(shape, seed))),
      ) as [tf.Variable, tf.Variable];
      const run = (threads: number): number[][] => {
        setThreads(threads);
        const { value, gradients } = valueAndGrad(() => tf.sum(tf.square(rmsNorm(x, gamma, 1e-6))), [x, gamma]);
        const result = (gradients as tf.Tensor[]).map(numbers);
        tf.dispose([value, ...(gradients as tf.Tensor[])]);
        return result;
      };
      const [one, two] = [run(1), run(2)];
      setThreads(before);
      expect(two).toEqual(one);
    });
  },
  backends.filter((name) => name === "torch"),
);
