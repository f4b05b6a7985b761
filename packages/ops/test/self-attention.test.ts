import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { selfAttention } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalValues } from "./random-tensors.js";

/** The definition, in float64 loops. */
function reference(
  qkv: Float32Array,
  [batch, tokens, width]: readonly [number, number, number],
  heads: number,
): number[] {
  const headDim = width / heads;
  const at = (b: number, n: number, which: number, head: number, j: number): number =>
    qkv[(b * tokens + n) * 3 * width + which * width + head * headDim + j] as number;
  const out = new Array<number>(batch * tokens * width).fill(0);
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++)
      for (let n = 0; n < tokens; n++) {
        const weights = Array.from({ length: tokens }, (_, m) => {
          let score = 0;
          for (let j = 0; j < headDim; j++) score += at(b, n, 0, head, j) * at(b, m, 1, head, j);
          return Math.exp(score / Math.sqrt(headDim));
        });
        const total = weights.reduce((sum, weight) => sum + weight);
        for (let m = 0; m < tokens; m++)
          for (let j = 0; j < headDim; j++) {
            const index = (b * tokens + n) * width + head * headDim + j;
            out[index] = (out[index] as number) + ((weights[m] as number) / total) * at(b, m, 2, head, j);
          }
      }
  return out;
}

describeOnBackends("selfAttention", () => {
  it("gives the mean of the values when all keys are alike", () => {
    const qkv = tf.tensor3d([
      [
        [1, 0, 10],
        [1, 0, 20],
        [1, 0, 60],
      ],
    ]); // D = 1: q, k, v
    expectClose(numbers(selfAttention(qkv, 1)), [30, 30, 30], 1e-6);
  });

  it.each([1, 2, 4])("is softmax(q·kᵀ / √headDim)·v in each of %i heads", (numHeads) => {
    const values = normalValues([2, 5, 24], 7);
    const out = selfAttention(tf.tensor3d(values, [2, 5, 24]), numHeads);
    expect(out.shape).toEqual([2, 5, 8]);
    expectClose(numbers(out), reference(values, [2, 5, 8], numHeads), 1e-5);
  });

  it("stays finite with large scores", () => {
    const qkv = tf.tensor3d([
      [
        [100, 100, 1],
        [100, -100, 2],
      ],
    ]);
    expectClose(numbers(selfAttention(qkv, 1)), [1, 1], 1e-6);
  });

  it("passes NaN on: in a key, to every token of its head", () => {
    const values = normalValues([1, 20, 12], 7);
    values[5 * 12 + 4] = Number.NaN; // token 5, key of head 0 of 2
    const out = numbers(selfAttention(tf.tensor3d(values, [1, 20, 12]), 2));
    for (const [index, value] of out.entries()) expect(Number.isNaN(value)).toBe(index % 4 < 2);
  });

  it("has the gradient of finite differences", () => {
    checkGradient((qkv) => selfAttention(qkv as tf.Tensor, 2), [normalInput([2, 4, 12], 3)]);
  });
});
