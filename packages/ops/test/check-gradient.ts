import { valueAndGrad } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { normalValues } from "./random-tensors.js";

/** Wide enough that float32 rounding stays small in the quotient; the five-point stencil's own error is of order h⁴. */
const STEP = 0.04;

export interface GradientCheck {
  /** Largest error allowed, as a part of the largest derivative of an input. */
  readonly tolerance?: number;
}

/**
 * Compares the gradient of a function with respect to each input against finite differences of its outputs, weighted by
 * fixed random numbers and added up in float64.
 */
export function checkGradient(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[],
  { tolerance = 1e-3 }: GradientCheck = {},
): void {
  const outputShape = tf.tidy(() => f(...inputs.map(toTensor)).shape);
  const weights = normalValues(outputShape, 99);
  const weighted = (values: readonly Float32Array[]): number =>
    tf.tidy(() => {
      const output = numbers(f(...values.map((value, index) => tf.tensor(value, [...(inputs[index]?.shape ?? [])]))));
      return output.reduce((sum, value, index) => sum + value * (weights[index] as number), 0);
    });

  const variables = inputs.map((input) => tf.tidy(() => tf.variable(toTensor(input))));
  const loss = () => tf.sum(tf.mul(f(...variables), tf.tensor(weights, outputShape))) as tf.Scalar;
  const { value, gradients } = valueAndGrad(loss, variables);
  for (const [which, gradient] of gradients.entries()) {
    expect(gradient, `gradient of input ${which}`).not.toBeNull();
    const differences = Array.from((inputs[which] as { values: Float32Array }).values, (_, position) => {
      const at = (offset: number): number =>
        weighted(inputs.map(({ values }, index) => (index === which ? shifted(values, position, offset) : values)));
      return (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP);
    });
    expectClose(numbers(gradient as tf.Tensor), differences, tolerance);
  }
  tf.dispose([value, ...(gradients as tf.Tensor[]), ...variables]);
}

const toTensor = ({ shape, values }: { shape: readonly number[]; values: Float32Array }): tf.Tensor =>
  tf.tensor(values, [...shape]);

function shifted(values: Float32Array, position: number, offset: number): Float32Array {
  const copy = values.slice();
  copy[position] = (copy[position] as number) + offset;
  return copy;
}

/** Standard normal values for an input. */
export function normalInput(
  shape: readonly number[],
  seed: number,
): { shape: readonly number[]; values: Float32Array } {
  return { shape, values: normalValues(shape, seed) };
}
