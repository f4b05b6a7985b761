import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { latitudeWeightedMeanSquaredError, latitudeWeights } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

it("latitudeWeights are cosines of mean 1", () => {
  expectClose(latitudeWeights([60, 0, -60]), [0.75, 1.5, 0.75], 1e-12);
  expect(() => latitudeWeights([0, 91])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: latitudeWeights: expected latitudes from -90 to 90 degrees, got 91.]`,
  );
  expect(() => latitudeWeights([])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: latitudeWeights: expected latitudes from -90 to 90 degrees, got none.]`,
  );
});

describeOnBackends("latitudeWeightedMeanSquaredError", () => {
  it("weights rows and variables, and averages over all values", () => {
    // Two variables on 2 × 2 pixels; differences 1, 2 in the first row, 3, 4 in the second; twice that in variable 1.
    const prediction = tf.tensor4d([1, 2, 3, 4, 2, 4, 6, 8], [1, 2, 2, 2]);
    const target = tf.zeros([1, 2, 2, 2]);
    const plain = latitudeWeightedMeanSquaredError(prediction, target, [0.5, 1.5]);
    expect(plain.shape).toEqual([]);
    expectClose(numbers(plain), [((5 * 0.5 + 25 * 1.5) * 5) / 8], 1e-6);
    const weighted = latitudeWeightedMeanSquaredError(prediction, target, [0.5, 1.5], { variableWeights: [1, 0.5] });
    expectClose(numbers(weighted), [((5 * 0.5 + 25 * 1.5) * 3) / 8], 1e-6);
  });

  it("has the gradient of finite differences, of the target too", () => {
    const options = { variableWeights: [1, 0.1, 2] };
    const input = [normalInput([2, 3, 4, 5], 1), normalInput([2, 3, 4, 5], 2)];
    const tolerance = 3e-3; // a float32 scalar of many terms: its rounding is seen beside a small derivative
    checkGradient(
      (p, t) => latitudeWeightedMeanSquaredError(p as tf.Tensor, t as tf.Tensor, [0.5, 1, 1.5, 1], options),
      input,
      { tolerance },
    );
    const target = normalTensor([2, 3, 4, 5], 3);
    checkGradient(
      (p) => latitudeWeightedMeanSquaredError(p as tf.Tensor, target, [0.5, 1, 1.5, 1]),
      input.slice(0, 1),
      { tolerance },
    );
  });
});
