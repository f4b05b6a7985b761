import { valueAndGrad } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { composedGatherPatches } from "../src/gather-patches.js";
import { gatherPatches, patchify } from "../src/index.js";
import { invertIndices } from "../src/token-indices.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

const keep = Int32Array.of(3, 0, 5, 4);

describeOnBackends("gatherPatches", () => {
  it("gives the patches asked for, standardized, in the order asked for", () => {
    // Two channels of 2 × 4 pixels, patches of 2 × 2: channel 1 is 10 more than channel 0.
    const values = [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17];
    const images = tf.tensor4d(values, [1, 2, 2, 4], "int32");
    const patches = gatherPatches(images, { patchSize: 2, keep: Int32Array.of(1) });
    expect(patches.shape).toEqual([1, 1, 8]);
    expect(patches.dtype).toBe("float32");
    expect(numbers(patches)).toEqual([2, 3, 6, 7, 12, 13, 16, 17]);
    const standard = gatherPatches(images, { patchSize: 2, keep: Int32Array.of(1), mean: [1, 10], std: [2, 0.5] });
    expect(numbers(standard)).toEqual([0.5, 1, 2.5, 3, 4, 6, 12, 14]);
  });

  it("is patchify without options, with 13 channels and H ≠ W", () => {
    const images = normalTensor([2, 13, 6, 9], 1);
    expect(numbers(gatherPatches(images, { patchSize: 3 }))).toEqual(numbers(patchify(images, 3, "channels-first")));
  });

  it("equals its composed form, value and gradient of the images", () => {
    const images = tf.tidy(() => tf.variable(normalTensor([2, 2, 6, 9], 1)));
    const options = { patchSize: 3, keep, mean: [0.5, -1], std: [2, 0.25] };
    const weights = normalTensor([2, 2, 18], 2);
    const inverse = invertIndices("test", keep, 2, 6);
    const run = (f: () => tf.Tensor) => {
      const { value, gradients } = valueAndGrad(() => tf.sum(tf.mul(f(), weights)), [images]);
      const result = [numbers(value), numbers(gradients[0] as tf.Tensor)] as const;
      tf.dispose([value, gradients[0] as tf.Tensor]);
      return result;
    };
    const [value, gradient] = run(() => gatherPatches(images, options));
    const [expected, expectedGradient] = run(() => composedGatherPatches(images, options, inverse));
    expectClose(value, expected, 1e-5);
    expectClose(gradient, expectedGradient, 1e-6);
  });

  it("has the gradient of finite differences", () => {
    const input = [normalInput([2, 2, 4, 6], 3)];
    const std = [2, 0.5];
    checkGradient((x) => gatherPatches(x as tf.Tensor, { patchSize: 2, keep, mean: [1, 0], std }), input);
    checkGradient((x) => gatherPatches(x as tf.Tensor, { patchSize: 2 }), input);
  });

  it("serves tf.grad", () => {
    const images = normalTensor([1, 1, 2, 4], 1);
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(gatherPatches(x, { patchSize: 2, keep: Int32Array.of(1) })))(
      images,
    );
    expect(numbers(gradient)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });
});
