import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { backends, describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { type LowRankUpdate, linear } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

describeOnBackends("linear", () => {
  it("multiplies by a [out, in] weight and adds the bias", () => {
    const x = tf.tensor3d([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const weight = tf.tensor2d([
      [1, 0],
      [0, 1],
      [10, 100],
    ]);
    const y = linear(x, weight, tf.tensor1d([0.5, 0, -1]));
    expect(y.shape).toEqual([1, 2, 3]);
    expect(numbers(y)).toEqual([1.5, 2, 209, 3.5, 4, 429]);
    expect(numbers(linear(x, weight))).toEqual([1, 2, 210, 3, 4, 430]);
  });

  it("applies the exact GELU to its input", () => {
    const x = tf.tensor2d([[1], [-1], [2]]);
    const y = linear(x, tf.tensor2d([[1]]), tf.tensor1d([0]), { inputActivation: "gelu" });
    expectClose(numbers(y), [0.8413447460685429, -0.15865525393145707, 1.9544997361036416], 1e-6);
  });

  it("takes vectors and 4 dims", () => {
    const weight = normalTensor([3, 5], 1);
    const x = normalTensor([2, 2, 2, 5], 2);
    const y = linear(x, weight);
    expect(y.shape).toEqual([2, 2, 2, 3]);
    expectClose(numbers(linear(tf.slice(tf.reshape(x, [40]), 0, 5), weight)), numbers(y).slice(0, 3), 1e-6);
  });

  it("adds a residual", () => {
    const [x, weight, residual] = [normalTensor([2, 3], 1), normalTensor([4, 3], 2), normalTensor([2, 4], 3)];
    const expected = numbers(tf.add(linear(x, weight), residual));
    expectClose(numbers(linear(x, weight, undefined, { residual })), expected, 1e-6);
  });

  it("multiplies by the weight with its low-rank update", () => {
    const [x, weight, bias] = [normalTensor([2, 3, 5], 1), normalTensor([4, 5], 2), normalTensor([4], 3)];
    const update = { down: normalTensor([2, 5], 4), up: normalTensor([4, 2], 5) };
    const sum = tf.add(weight, tf.matMul(update.up as tf.Tensor2D, update.down as tf.Tensor2D));
    expectClose(numbers(linear(x, weight, bias, { update })), numbers(linear(x, sum, bias)), 1e-6);
  });

  it("has the same gradients of an update where the weight is frozen", () => {
    const [weight, bias] = [normalTensor([4, 5], 2), normalTensor([4], 3)];
    const inputs = [normalInput([2, 3, 5], 1), normalInput([2, 5], 4), normalInput([4, 2], 5)];
    for (const inputActivation of ["none", "gelu"] as const)
      checkGradient(
        (x, down, up) =>
          linear(x as tf.Tensor, weight, bias, { inputActivation, update: { down, up } as LowRankUpdate }),
        inputs,
      );
    const data = tf.tensor(inputs[0]?.values as Float32Array, [2, 3, 5]);
    checkGradient((down, up) => linear(data, weight, bias, { update: { down, up } as LowRankUpdate }), inputs.slice(1));
  });

  it("keeps its input only where a gradient needs it", () => {
    const inputs = [normalInput([2, 3, 5], 1)];
    const [weight, bias] = [normalTensor([4, 5], 2), normalTensor([4], 3)];
    checkGradient((x) => linear(x as tf.Tensor, weight, bias), inputs);
    checkGradient((x) => linear(x as tf.Tensor, weight, bias, { inputActivation: "gelu" }), inputs);
    checkGradient(
      (bias) => linear(tf.tensor(inputs[0]?.values as Float32Array, [2, 3, 5]), weight, bias),
      [normalInput([4], 3)],
    );
  });

  it.each(["none", "gelu"] as const)("has the gradient of finite differences with %s", (inputActivation) => {
    const inputs = [normalInput([2, 3, 5], 1), normalInput([4, 5], 2), normalInput([4], 3)];
    checkGradient((x, weight, bias) => linear(x as tf.Tensor, weight as tf.Tensor, bias, { inputActivation }), inputs);
    checkGradient(
      (x, weight) => linear(x as tf.Tensor, weight as tf.Tensor, undefined, { inputActivation }),
      inputs.slice(0, 2),
    );
    checkGradient(
      (x, weight, residual) =>
        linear(x as tf.Tensor, weight as tf.Tensor, undefined, { inputActivation, residual: residual as tf.Tensor }),
      [...inputs.slice(0, 2), normalInput([2, 3, 4], 4)],
    );
  });

  it("has the same gradients of weight, bias and residual where x is data", () => {
    const x = normalInput([2, 3, 5], 1);
    const data = tf.tensor(x.values, [2, 3, 5]);
    checkGradient(
      (weight, bias, residual) => linear(data, weight as tf.Tensor, bias, { residual: residual as tf.Tensor }),
      [normalInput([4, 5], 2), normalInput([4], 3), normalInput([2, 3, 4], 4)],
    );
  });
});

describeOnBackends(
  "linear of several blocks of its product",
  () => {
    it("takes an update along in each", () => {
      const [x, weight] = [normalTensor([300, 1100], 1), normalTensor([900, 1100], 2)];
      const update = { down: normalTensor([40, 1100], 3), up: normalTensor([900, 40], 4) };
      const expected = tf.tidy(() => {
        const sum = tf.add(weight, tf.matMul(update.up as tf.Tensor2D, update.down as tf.Tensor2D));
        return numbers(tf.matMul(x as tf.Tensor2D, sum as tf.Tensor2D, false, true));
      });
      expectClose(numbers(linear(x, weight, undefined, { update })), expected, 1e-5);
    });
  },
  backends.filter((backend) => backend === "torch"),
);
