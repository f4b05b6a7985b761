import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { patchify, unpatchify } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

describeOnBackends("patchify", () => {
  it("numbers patches row by row and orders values as asked", () => {
    // Two channels of 2 × 4 pixels, patches of 2 × 2: channel 1 is 10 more than channel 0.
    const images = tf.tensor4d([
      [
        [
          [0, 1, 2, 3],
          [4, 5, 6, 7],
        ],
        [
          [10, 11, 12, 13],
          [14, 15, 16, 17],
        ],
      ],
    ]);
    expect(numbers(patchify(images, 2, "channels-first"))).toEqual([
      0, 1, 4, 5, 10, 11, 14, 15, 2, 3, 6, 7, 12, 13, 16, 17,
    ]);
    expect(numbers(patchify(images, 2, "channels-last"))).toEqual([
      0, 10, 1, 11, 4, 14, 5, 15, 2, 12, 3, 13, 6, 16, 7, 17,
    ]);
  });

  it.each(["channels-first", "channels-last"] as const)(
    "is undone by unpatchify, %s, with 13 channels and H ≠ W",
    (order) => {
      const images = normalTensor([2, 13, 6, 9], 1);
      const patches = patchify(images, 3, order);
      expect(patches.shape).toEqual([2, 6, 117]);
      const back = unpatchify(patches, { inChannels: 13, imageSize: [6, 9], patchSize: 3, order });
      expect(back.shape).toEqual(images.shape);
      expect(numbers(back)).toEqual(numbers(images));
    },
  );

  it.each(["channels-first", "channels-last"] as const)("has the gradient of finite differences, %s", (order) => {
    checkGradient((images) => patchify(images as tf.Tensor, 2, order), [normalInput([1, 2, 2, 4], 2)]);
    const options = { inChannels: 2, imageSize: [2, 4], patchSize: 2, order } as const;
    checkGradient((patches) => unpatchify(patches as tf.Tensor, options), [normalInput([1, 2, 8], 2)]);
  });
});
