import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { backward, valueAndGrad } from "../src/index.js";
import { alive, normalVariable, useCpuBackend } from "./cpu-backend.js";

useCpuBackend();

const vector = (...values: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(values)));

/** The gradient of a function of one variable, as numbers. */
function gradientOf(f: () => tf.Tensor, variable: tf.Variable): number[] {
  const { value, gradients } = valueAndGrad(f as () => tf.Scalar, [variable]);
  const numbers = Array.from(gradients[0]?.dataSync() ?? []);
  tf.dispose([value, ...(gradients as tf.Tensor[])]);
  return numbers;
}

describe("backward", () => {
  it("differentiates x² · y as 2xy and x²", () => {
    const [x, y] = [vector(3), vector(5)] as const;
    const { value, gradients } = valueAndGrad(() => tf.sum(tf.mul(tf.square(x), y)), [x, y]);
    expect(value.dataSync()[0]).toBe(45);
    expect(gradients.map((gradient) => gradient?.dataSync()[0])).toEqual([30, 9]);
  });

  it("hands each gradient over once, last layer first, and skips variables without one", () => {
    const layers = [1, 2, 3, 4].map((seed) => normalVariable([3, 3], seed)) as tf.Variable<tf.Rank.R2>[];
    const unused = vector(1);
    const order: number[] = [];
    const x = tf.ones([2, 3]) as tf.Tensor2D;
    const f = () =>
      tf.mean(layers.reduce<tf.Tensor2D>((h, weight) => tf.tanh(tf.matMul(h, weight)) as tf.Tensor2D, x)) as tf.Scalar;
    backward(f, [unused, ...layers], (variable, gradient) => {
      order.push(layers.indexOf(variable as tf.Variable<tf.Rank.R2>));
      gradient.dispose();
    }).dispose();
    expect(order).toEqual([3, 2, 1, 0]);
  });

  it("waits with a shared variable until its first use has been walked", () => {
    const [shared, middle] = [vector(2), vector(3)] as const;
    const order: string[] = [];
    backward(
      () => tf.sum(tf.mul(tf.mul(tf.mul(shared, 2), middle), shared)),
      [shared, middle],
      (variable, gradient) => {
        order.push(`${variable === shared ? "shared" : "middle"} ${gradient.dataSync()[0]}`);
        gradient.dispose();
      },
    ).dispose();
    expect(order).toEqual(["middle 8", "shared 24"]); // 2s²m: 2s² = 8, 4sm = 24
  });

  it("takes comparisons, chosen positions and argmax as constants", () => {
    const x = vector(-1, 2, 3);
    expect(gradientOf(() => tf.sum(tf.where(tf.greater(x, 0), tf.square(x), tf.neg(x))), x)).toEqual([-1, 4, 6]);
    expect(gradientOf(() => tf.sum(tf.square(tf.gather(x, tf.topk(x, 2).indices))), x)).toEqual([0, 4, 6]);
    expect(gradientOf(() => tf.sum(tf.mul(x, tf.cast(tf.argMax(x), "float32"))), x)).toEqual([2, 2, 2]);
  });

  it("copies a gradient that is a saved tensor, which it frees", () => {
    const x = vector(1, 2);
    const halfSquare = tf.customGrad((input, save) => {
      (save as tf.GradSaveFunc)([input as tf.Tensor]);
      return {
        value: tf.sum(tf.mul(0.5, tf.square(input as tf.Tensor))),
        gradFunc: (_dy, saved) => saved[0] as tf.Tensor,
      };
    });
    expect(gradientOf(() => halfSquare(x), x)).toEqual([1, 2]);
  });

  it("differentiates a loss that is a variable, a kept tensor or a constant plus a variable", () => {
    const scalar = tf.tidy(() => tf.variable(tf.scalar(7)));
    expect(gradientOf(() => scalar, scalar)).toEqual([1]);
    let kept: tf.Tensor | undefined;
    expect(gradientOf(() => (kept = tf.keep(tf.mul(scalar, 3))), scalar)).toEqual([3]);
    expect(kept?.dataSync()[0]).toBe(21); // what the function keeps stays its own
    kept?.dispose();
  });

  it("gives tensors that outlive the caller's tidy", () => {
    const x = vector(3);
    const outside: tf.Tensor[] = [];
    tf.tidy(() => {
      const { value, gradients } = valueAndGrad(() => tf.sum(tf.square(x)), [x]);
      outside.push(value, ...(gradients as tf.Tensor[]));
    });
    expect(outside.map((tensor) => tensor.dataSync()[0])).toEqual([9, 6]);
    tf.dispose(outside);
  });

  it("gives the same bits twice", () => {
    const [a, b] = [normalVariable([5, 7], 1), normalVariable([7, 5], 2)] as tf.Variable<tf.Rank.R2>[];
    const f = () => tf.sum(tf.tanh(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)));
    expect(gradientOf(f, a as tf.Variable)).toEqual(gradientOf(f, a as tf.Variable));
  });

  it("lets a callback run other gradients", () => {
    const [x, y] = [vector(3), vector(5)] as const;
    const inner: number[] = [];
    const before = alive();
    backward(
      () => tf.sum(tf.mul(tf.square(x), y)),
      [x, y],
      (_variable, gradient) => {
        inner.push(...gradientOf(() => tf.sum(tf.square(x)), x));
        gradient.dispose();
      },
    ).dispose();
    expect(inner).toEqual([6, 6]);
    expect(alive()).toEqual(before);
  });
});
