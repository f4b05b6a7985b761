import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { attention, linear, queryAttention } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

/** 3 rows of 4 tokens, 5 wide; 2 heads of 3. */
const [rows, groups, width, heads, headDim] = [3, 4, 5, 2, 3];
const shapes = [
  [rows, groups, width],
  [heads, width],
  [heads * headDim, width],
];

function attend(inputs: readonly tf.Tensor[], mask?: tf.Tensor): tf.Tensor {
  const [tokens, scoreWeight, valueWeight] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
  return queryAttention(tokens, { scoreWeight, valueWeight }, mask);
}

/** Rows that see all, some and no tokens. */
const mask = () =>
  tf.tensor2d(
    Array.from({ length: rows * groups }, (_, i) => (i < groups ? 0 : i < 2 * groups ? 1 : i % 3)),
    [rows, groups],
    "bool",
  );

describeOnBackends("queryAttention", (backend) => {
  it.each([false, true])("equals attention whose keys and values are made, with a mask: %s", (isMasked) => {
    const [tokens, , valueWeight] = shapes.map((shape, seed) => normalTensor(shape, seed)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const [query, keyWeight] = [normalTensor([heads, 1, headDim], 7), normalTensor([heads, headDim, width], 8)];
    const seen = isMasked ? mask() : undefined;
    const expected = attention(
      tf.reshape(query, [1, 1, -1]),
      linear(tokens, tf.reshape(keyWeight, [-1, width])),
      linear(tokens, valueWeight),
      { numHeads: heads, ...(seen && { mask: seen }) },
    );
    const scoreWeight = tf.mul(tf.reshape(tf.matMul(query, keyWeight), [heads, width]), 1 / Math.sqrt(headDim));
    expectClose(numbers(attend([tokens, scoreWeight, valueWeight], seen)), numbers(expected), 2e-6);
  });

  it.skipIf(backend === "wasm")("has the gradients that finite differences give, with a mask, too", () => {
    const inputs = shapes.map(normalInput);
    checkGradient((...given) => attend(given), inputs);
    checkGradient((...given) => attend(given, mask()), inputs);
  });

  it("names what doesn't fit", () => {
    const inputs = shapes.map((shape, seed) => normalTensor(shape, seed));
    expect(() => attend([...inputs.slice(0, 2), normalTensor([7, width], 1)])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: queryAttention: expected valueWeight of rows divisible by 2 heads, got 7.]`,
    );
  });
});
