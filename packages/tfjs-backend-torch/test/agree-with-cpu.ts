import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { numbers } from "./on-torch.js";

/** Numbers in [-scale, scale]. */
export const t = (shape: number[], seed = 1, scale = 2) =>
  tf.tensor(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
      scale,
    ),
    shape,
  );
export const positive = (shape: number[], seed = 1) => tf.add(tf.abs(t(shape, seed)), 0.1);
/** Whole numbers from 0 to bound - 1. */
export const ints = (shape: number[], bound: number, seed = 1) =>
  tf.cast(tf.floor(tf.mul(tf.abs(t(shape, seed, 0.999)), bound)), "int32");
export const mask = (shape: number[], seed = 1) => tf.greater(t(shape, seed), 0);
export const image = () => t([2, 7, 5, 3]) as tf.Tensor4D;

export type Case = () => tf.Tensor | tf.Tensor[];

async function evaluate(backend: string, run: Case) {
  await tf.setBackend(backend);
  return tf.tidy(() =>
    [run()].flat().map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from(tensor.dataSync()),
    })),
  );
}

/** Runs each case on the cpu backend of tfjs and on torch; values, shape and dtype must agree. */
export function agreeWithCpu(cases: Record<string, Case>): void {
  beforeAll(async () => {
    // The cpu backend greets on its first tensor; a test must not print.
    tf.env().set("IS_TEST", true);
    await tf.ready();
  });

  for (const [title, run] of Object.entries(cases)) {
    it(`agree with the cpu backend: ${title}`, async () => {
      const expected = await evaluate("cpu", run);
      const actual = await evaluate("torch", run);
      expect(actual.length).toBe(expected.length);
      for (const [i, { shape, dtype, values }] of expected.entries()) {
        expect(actual[i]!.shape).toEqual(shape);
        expect(actual[i]!.dtype).toBe(dtype);
        // float32 sums in another order: a few units in the last place of the largest terms.
        actual[i]!.values.forEach((value, j) => {
          if (Number.isNaN(values[j]) || values[j] === Infinity) expect(value).toBe(values[j]);
          else expect(Math.abs(value - values[j]!)).toBeLessThanOrEqual(2e-5 * Math.max(1, Math.abs(values[j]!)));
        });
      }
    });
  }
}
