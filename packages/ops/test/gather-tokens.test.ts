import { valueAndGrad } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { gatherTokens } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";

describeOnBackends("gatherTokens", () => {
  it("picks tokens of each sample in the order given", () => {
    const x = tf.tensor3d([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [
        [10, 11],
        [12, 13],
        [14, 15],
      ],
    ]);
    const picked = gatherTokens(x, Int32Array.of(2, 0, 1, 2));
    expect(picked.shape).toEqual([2, 2, 2]);
    expect(numbers(picked)).toEqual([4, 5, 0, 1, 12, 13, 14, 15]);
  });

  it("sends each gradient back to its token and zero to the others", () => {
    const x = tf.tidy(() => tf.variable(tf.zeros([2, 3, 1])));
    const weights = tf.tensor3d([
      [[1], [2]],
      [[3], [4]],
    ]);
    const loss = () => tf.sum(tf.mul(gatherTokens(x, Int32Array.of(2, 0, 1, 2)), weights)) as tf.Scalar;
    const { value, gradients } = valueAndGrad(loss, [x]);
    expect(numbers(gradients[0] as tf.Tensor)).toEqual([2, 0, 1, 0, 3, 4]);
    tf.dispose([value, gradients[0] as tf.Tensor]);
  });

  it("has the gradient of finite differences", () => {
    checkGradient((x) => gatherTokens(x as tf.Tensor, Int32Array.of(3, 1, 0, 2)), [normalInput([2, 4, 3], 1)]);
  });
});
