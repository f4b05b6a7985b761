import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { recompute, runOperation, valueAndGrad } from "../src/index.js";
import { alive, normalVariable, useCpuBackend } from "./cpu-backend.js";

useCpuBackend();

/** a · b, elementwise, which writes down whose gradients it was asked for. */
function product(a: tf.Tensor, b: tf.Tensor, asked: string[][] = []): tf.Tensor {
  return runOperation({
    name: "Product",
    inputs: { a, b },
    run: (save) => {
      save([a, b]);
      return tf.mul(a, b);
    },
    gradients: (dy, [a, b], wanted) => {
      asked.push([...wanted]);
      return {
        a: wanted.has("a") ? tf.mul(dy, b as tf.Tensor) : undefined,
        b: wanted.has("b") ? tf.mul(dy, a as tf.Tensor) : undefined,
      };
    },
  });
}

it.each([false, true])("has the derivative it brings, and leaves nothing alive (recomputed: %s)", (recomputed) => {
  const [a, b] = [normalVariable([3], 1), normalVariable([3], 2)];
  const before = alive();
  const layer = (x: tf.Tensor) => product(x, b);
  const { value, gradients } = valueAndGrad(() => tf.sum((recomputed ? recompute(layer) : layer)(a)), [a, b]);
  expect(gradients.map((gradient) => Array.from(gradient?.dataSync() ?? []))).toEqual([
    Array.from(b.dataSync()),
    Array.from(a.dataSync()),
  ]);
  tf.dispose([value, ...(gradients as tf.Tensor[])]);
  expect(alive()).toEqual(before);
});

it("is asked for the gradients of what depends on a variable only", () => {
  const b = normalVariable([2], 2);
  const asked: string[][] = [];
  const data = tf.tensor1d([2, 3]);
  const { value, gradients } = valueAndGrad(() => tf.sum(product(data, b, asked)), [b]);
  expect(asked).toEqual([["b"]]);
  expect(Array.from(gradients[0]?.dataSync() ?? [])).toEqual([2, 3]);
  tf.dispose([value, data, ...(gradients as tf.Tensor[])]);
});

it("computes outside of a recording, and has the derivative for tf.grad too", () => {
  tf.tidy(() => {
    const [a, b] = [tf.tensor1d([2, 3]), tf.tensor1d([5, 7])];
    expect(Array.from(product(a, b).dataSync())).toEqual([10, 21]);
    expect(
      Array.from(
        tf
          .grad((x) => tf.sum(product(x, b)))(a)
          .dataSync(),
      ),
    ).toEqual([5, 7]);
  });
});

it("is told as it runs whose gradients will be asked for, so that it keeps nothing for frozen ones", () => {
  const [trained, frozen] = [normalVariable([3], 1), normalVariable([3], 2)];
  const told: string[][] = [];
  const layer = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    runOperation({
      name: "Told",
      inputs: { a, b },
      run: (save, wanted) => {
        told.push([...wanted]);
        save([b]);
        return tf.mul(a, b);
      },
      gradients: (dy, [b]) => ({ a: tf.mul(dy, b as tf.Tensor) }),
    });
  const { value, gradients } = valueAndGrad(() => tf.sum(layer(trained, frozen)), [trained]);
  tf.dispose([value, ...(gradients as tf.Tensor[]), layer(trained, frozen)]);
  expect(told).toEqual([["a"], []]);
});
