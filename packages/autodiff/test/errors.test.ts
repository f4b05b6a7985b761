import { ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { backward, recompute } from "../src/index.js";
import { normalVariable, useCpuBackend } from "./cpu-backend.js";

useCpuBackend();

const attempt = (f: () => unknown, variables: tf.Variable[]) => () =>
  backward(f as () => tf.Scalar, variables, (_, gradient) => gradient.dispose());

it("asks for variables, each once", () => {
  const x = normalVariable([2], 1);
  expect(attempt(() => tf.sum(x), [])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: backward: expected a list of distinct variables, got none. Pass each parameter of the model once.]`,
  );
  expect(attempt(() => tf.sum(x), [x, x])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: backward: expected a list of distinct variables, got 2, of which one is there twice. Pass each parameter of the model once.]`,
  );
});

it("asks for a scalar loss, and prints the shape it got", () => {
  const x = normalVariable([2, 3], 1);
  expect(attempt(() => tf.square(x), [x])).toThrow(ShapeError);
  expect(attempt(() => tf.square(x), [x])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: backward: expected a scalar loss [], got [2,3]. Reduce it with tf.mean or tf.sum.]`,
  );
  expect(attempt(async () => tf.scalar(1), [x])).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: backward: expected f to return a tensor, got a Promise.]`,
  );
});

it("asks for a loss that depends on a variable", () => {
  const [x, y] = [normalVariable([2], 1), normalVariable([2], 2)] as const;
  expect(attempt(() => tf.sum(tf.square(x)), [y])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: backward: expected a loss that depends on at least one of the 1 variables, got one that depends on none. Use the variables inside f, through differentiable operations.]`,
  );
});

it("names the kernel that has no derivative, or a wrong one", () => {
  const x = normalVariable([2, 3], 1);
  expect(attempt(() => tf.sum(tf.diag(x)), [x])).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: backward: expected a derivative of kernel Diag, got none. Register one with tf.registerGradient.]`,
  );
  const wrong = tf.customGrad((input) => ({ value: tf.square(input as tf.Tensor), gradFunc: () => tf.ones([2]) }));
  expect(attempt(() => tf.sum(tf.tidy("wrong", () => wrong(x)) as tf.Tensor), [x])).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: backward: expected a float32 [2,3] gradient for input "0" of wrong, got float32 [2]. Correct the kernel's derivative.]`,
  );
});

it("refuses second derivatives, which tf.grad can take", () => {
  const x = normalVariable([2], 1);
  const inner = attempt(() => tf.sum(x), [x]);
  expect(attempt(inner, [x])).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: backward: expected a call outside of recorded code, got one inside another gradient. Use tf.grad for second derivatives.]`,
  );
  const layer = recompute((input: tf.Tensor) => tf.exp(input));
  const twice = () => tf.sum(tf.grad((input: tf.Tensor) => tf.sum(layer(input)))(x));
  expect(attempt(twice, [x])).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: recompute: expected a first derivative, got a derivative of a derivative.]`,
  );
});

it("asks a recomputed function for one tensor", () => {
  const x = normalVariable([2], 1);
  const layer = recompute((input: tf.Tensor) => [input] as unknown as tf.Tensor);
  expect(attempt(() => tf.sum(layer(x)), [x])).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: recompute: expected fn to return a tensor, got an array.]`,
  );
});
