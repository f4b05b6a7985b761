import { valueAndGrad } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { maskedPatchError } from "../src/index.js";
import { composedMaskedPatchError, type MaskedPatchErrorOptions } from "../src/masked-patch-error.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

const mask = () =>
  tf.tensor2d([
    [1, 0, 1, 0, 1, 1],
    [0, 1, 1, 0, 0.5, 1],
  ]);

describeOnBackends("maskedPatchError", () => {
  it("compares each counted patch, in the order (p, q, c), with the image's", () => {
    const images = tf.tensor4d([1, 2, 3, 4, 10, 20, 30, 40], [1, 2, 1, 4], "int32"); // patches of 1 × 1
    const prediction = tf.tensor3d([1, 10, 0, 0, 3, 31, 9, 9], [1, 4, 2]);
    const counted = tf.tensor2d([[1, 0, 1, 0]]);
    const loss = maskedPatchError(prediction, images, counted, { patchSize: 1, normalize: false });
    expect(loss.shape).toEqual([]);
    expectClose(numbers(loss), [1 / 4], 1e-6);
  });

  it("normalizes a patch by its unbiased variance plus 1e-6", () => {
    const images = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]); // mean 2.5, variance 5/3
    const unit = 1 / Math.sqrt(5 / 3 + 1e-6);
    const loss = maskedPatchError(tf.zeros([1, 1, 4]), images, tf.ones([1, 1]), { patchSize: 2, normalize: true });
    expectClose(numbers(loss), [((2.25 + 0.25 + 0.25 + 2.25) * unit ** 2) / 4], 1e-6);
  });

  it("is zero for a flat patch predicted as zero, and NaN where no patch counts", () => {
    const options = { patchSize: 2, normalize: true };
    const flat = tf.fill([1, 1, 2, 2], 1e4);
    expect(numbers(maskedPatchError(tf.zeros([1, 1, 4]), flat, tf.ones([1, 1]), options))).toEqual([0]);
    expect(numbers(maskedPatchError(tf.zeros([1, 1, 4]), flat, tf.zeros([1, 1]), options))).toEqual([Number.NaN]);
  });

  describe.each([true, false])("with normalize %s", (normalize) => {
    const options: MaskedPatchErrorOptions = { patchSize: 3, normalize, mean: [0.3, -1], std: [2, 0.5] };

    it("equals its composed form, value and gradients", () => {
      const shapes = [
        [2, 6, 18],
        [2, 2, 6, 9],
      ];
      const variables = shapes.map((shape, seed) => tf.tidy(() => tf.variable(normalTensor(shape, seed))));
      const weights = tf.tidy(() => tf.variable(mask()));
      const run = (f: typeof maskedPatchError): number[][] => {
        const [prediction, images] = variables as [tf.Variable, tf.Variable];
        const { value, gradients } = valueAndGrad(
          () => f(prediction, images, weights, options),
          [...variables, weights],
        );
        const results = [value, ...gradients].map((tensor) => numbers(tensor as tf.Tensor));
        tf.dispose([value, ...(gradients as tf.Tensor[])]);
        return results;
      };
      const expected = run(composedMaskedPatchError);
      for (const [index, values] of run(maskedPatchError).entries())
        expectClose(values, expected[index] as number[], 1e-5); // float32, summed in another order
    });

    it("has the gradient of finite differences", () => {
      const images = normalTensor([2, 2, 6, 9], 4);
      checkGradient(
        (prediction) => maskedPatchError(prediction as tf.Tensor, images, mask(), options),
        [normalInput([2, 6, 18], 1)],
        { tolerance: 3e-3 }, // a float32 scalar of many terms: its rounding is seen beside a small derivative
      );
    });
  });
});
