import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { valueAndGrad } from "../src/index.js";
import { normalVariable, useCpuBackend } from "./cpu-backend.js";
import { differentiableFunctions, type Variables } from "./differentiable-functions.js";

useCpuBackend();

/** The five-point stencil's error is of order h⁴; float32 rounding adds about 1e-6 of the value over h. */
const STEP = 0.02;

const image = (x: tf.Tensor, channels: number): tf.Tensor4D => tf.reshape(x, [1, 4, 6 / channels, channels]);
const filter = (x: tf.Tensor, shape: [number, number, number, number]): tf.Tensor4D => tf.reshape(x, shape);

/** Derivatives that tfjs-core builds on its own inner functions, which the bundled copy replaces by public ones. */
const more: typeof differentiableFunctions = {
  "a strided convolution": ({ e, a }) => tf.sum(tf.square(tf.conv2d(image(e, 1), filter(a, [3, 2, 1, 2]), 2, "same"))),
  "a transposed convolution": ({ e, a }) =>
    tf.sum(tf.square(tf.conv2dTranspose(image(e, 2), filter(a, [3, 2, 1, 2]), [1, 8, 6, 1], 2, "same"))),
  "a depthwise convolution": ({ e, a }) =>
    tf.sum(tf.square(tf.depthwiseConv2d(image(e, 2), filter(a, [3, 2, 2, 1]), 1, "same"))),
  "an average pool": ({ e }) => tf.sum(tf.square(tf.avgPool(image(e, 1), 2, 2, "same"))),
  "a largest-value pool": ({ e }) => tf.sum(tf.square(tf.maxPool(image(e, 1), 2, 1, "valid"))),
  "a local response normalization": ({ e }) => tf.sum(tf.square(tf.localResponseNormalization(image(e, 2), 1))),
  "running sums": ({ a }) => tf.sum(tf.square(tf.cumsum(a, 1))),
  "a product over a dim": ({ e }) => tf.sum(tf.square(tf.prod(e, 2))),
  "a gather from each sample": ({ e }) =>
    tf.sum(tf.square(tf.gather(e, tf.tensor2d([2, 0, 1, 1], [2, 2], "int32"), 1, 1))),
  "a power with a tensor exponent": ({ a, c }) => tf.sum(tf.pow(tf.add(tf.square(a), 1), c)),
  "blocks of space to batch": ({ e }) =>
    tf.sum(
      tf.exp(
        tf.spaceToBatchND(
          image(e, 1),
          [2, 2],
          [
            [0, 0],
            [0, 0],
          ],
        ),
      ),
    ),
};

/** tfjs itself loses the part that comes through a saved output (of tanh, exp, sigmoid…). */
const secondDerivatives: typeof differentiableFunctions = {
  "a derivative of tanh inside the function": ({ a, c }) =>
    tf.sum(tf.mul(tf.grad((x: tf.Tensor) => tf.sum(tf.tanh(x)))(a), c)),
  "a derivative of a derivative": ({ a }) =>
    tf.sum(tf.square(tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tf.square(x), tf.tanh(x))))(tf.mul(a, 0.5)))),
};

const functions: typeof differentiableFunctions = { ...differentiableFunctions, ...more, ...secondDerivatives };
/** Its gradient passes straight through the rounding, by convention. */
const stepwise = "a cast to whole numbers and back";

describe("valueAndGrad agrees with finite differences for", () => {
  it.each(Object.keys(functions).filter((name) => name !== stepwise))("%s", (name) => {
    const shapes = { a: [3, 4], b: [4, 3], c: [4], d: [3], e: [2, 3, 4], unused: [2] };
    const variables = Object.fromEntries(
      Object.entries(shapes).map(([key, shape], index) => [key, normalVariable(shape, index + 1)]),
    ) as unknown as Variables;
    const f = () => tf.tidy(() => functions[name]?.(variables) as tf.Scalar);
    const list: tf.Variable[] = Object.values(variables);
    const { value, gradients } = valueAndGrad(f, list);
    const size = Math.abs(value.dataSync()[0] as number);

    for (const [index, gradient] of gradients.entries()) {
      const variable = list[index] as tf.Variable;
      const start = variable.dataSync<"float32">().slice();
      const found = gradient?.dataSync<"float32">() ?? new Float32Array(variable.size);
      const largest = found.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
      for (const position of start.keys()) {
        const at = (offset: number): number => {
          const moved = start.slice();
          moved[position] = (moved[position] as number) + offset;
          return tf.tidy(() => {
            variable.assign(tf.tensor(moved, variable.shape));
            return f().dataSync()[0] as number;
          });
        };
        const slope = (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP);
        expect(Math.abs((found[position] as number) - slope)).toBeLessThan(2e-3 * largest + 1e-4 * (1 + size));
      }
      tf.tidy(() => variable.assign(tf.tensor(start, variable.shape)));
    }
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== null)]);
  });
});
