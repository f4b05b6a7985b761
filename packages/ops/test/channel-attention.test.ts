import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { attention, channelAttention, channelTokens, gatherPatches, linear } from "../src/index.js";
import { checkGradient } from "./check-gradient.js";
import { normalTensor, normalValues } from "./random-tensors.js";

/** B 2, C 5, D 12 in 3 heads, 2 × 3 patches of 2 × 2. */
const [batch, channels, width, heads, side] = [2, 5, 12, 3, 2];
const rows = batch * 6;
const values = side * side;

const parameterShapes = [
  [rows, channels * values],
  [heads, channels * values],
  [heads, channels],
  [width, channels * values],
  [width, channels],
];

function attend(inputs: readonly tf.Tensor[], options: { mask?: tf.Tensor; chunkRows?: number } = {}): tf.Tensor {
  const [patches, scoreWeight, scoreBias, valueWeight, valueBias] = inputs as tf.Tensor[];
  const parameters = { scoreWeight, scoreBias, valueWeight, valueBias } as Parameters<typeof channelAttention>[1];
  return channelAttention(patches as tf.Tensor, parameters, { numHeads: heads, ...options });
}

/** Rows that see all, some and no channels. */
const mask = () =>
  tf.tensor2d(
    Array.from({ length: rows * channels }, (_, i) => (i < channels ? 0 : i < 3 * channels ? 1 : (i * 7) % 3)),
    [rows, channels],
    "bool",
  );

describeOnBackends("channelTokens", (backend) => {
  const images = () => normalTensor([batch, channels, 4, 6], 1);
  const weight = () => normalTensor([width, channels, side, side], 2);
  const bias = () => normalTensor([channels, width], 3);

  it("equals a loop of patch embeddings of one channel each", () => {
    const tokens = channelTokens(images(), weight(), bias());
    expect(tokens.shape).toEqual([batch, 6, channels, width]);
    for (let channel = 0; channel < channels; channel++) {
      const [image, matrix] = [tf.gather(images(), [channel], 1), tf.gather(weight(), [channel], 1)];
      const patches = gatherPatches(image, { patchSize: side });
      const own = linear(
        patches,
        tf.reshape(matrix, [width, values]),
        tf.reshape(tf.gather(bias(), [channel]), [width]),
      );
      expectClose(numbers(tf.gather(tokens, [channel], 2)), numbers(own), 1e-6);
    }
  });

  it.skipIf(backend === "wasm")("has the gradients that finite differences give", () => {
    checkGradient(
      (x, w, b) => channelTokens(x as tf.Tensor, w as tf.Tensor, b as tf.Tensor),
      [images(), weight(), bias()].map((x, seed) => ({ shape: x.shape, values: normalValues(x.shape, seed) })),
    );
  });
});

describeOnBackends("channelAttention", (backend) => {
  const random = () => parameterShapes.map((shape, seed) => normalTensor(shape, seed));

  it.each([false, true])("equals attention of one query over the channels' tokens (masked: %s)", (isMasked) => {
    const [query, keys, matrix] = [
      normalTensor([1, 1, width], 1),
      normalTensor([width, width], 2),
      normalTensor([width, width], 3),
    ];
    const [weight, bias] = [normalTensor([width, channels, side, side], 4), normalTensor([channels, width], 5)];
    const images = normalTensor([batch, channels, 4, 6], 6);
    const tokens = tf.reshape(channelTokens(images, weight, bias), [rows, channels, width]);
    const options = { numHeads: heads, ...(isMasked && { mask: mask() }) };
    const expected = attention(query, linear(tokens, keys), linear(tokens, matrix), options);

    const perHead = tf.mul(tf.reshape(query, [heads, 1, width / heads]), 1 / Math.sqrt(width / heads));
    const scorer = tf.reshape(tf.matMul(perHead, tf.reshape(keys, [heads, width / heads, width])), [heads, width]);
    const flat = tf.reshape(weight, [width, channels * values]);
    const parameters = {
      scoreWeight: tf.matMul(scorer, flat),
      scoreBias: tf.matMul(scorer, bias, false, true),
      valueWeight: tf.matMul(matrix, flat),
      valueBias: tf.matMul(matrix, bias, false, true),
    };
    const found = channelAttention(gatherPatches(images, { patchSize: side }), parameters, options);
    expect(found.shape).toEqual([batch, 6, width]);
    expectClose(numbers(found), numbers(expected), 1e-5);
  });

  it.each([1, 5, rows])("gives the same in chunks of %i rows", (chunkRows) => {
    expectClose(
      numbers(attend(random(), { mask: mask(), chunkRows })),
      numbers(attend(random(), { mask: mask() })),
      1e-6,
    );
  });

  it.skipIf(backend === "wasm").each([false, true])(
    "has the gradients that finite differences give (masked: %s)",
    (isMasked) => {
      checkGradient(
        (...inputs) => attend(inputs, { chunkRows: 5, ...(isMasked && { mask: mask() }) }),
        parameterShapes.map((shape, seed) => ({ shape, values: normalValues(shape, seed) })),
      );
    },
  );

  it("serves one row, one channel and one number each", () => {
    const out = attend(
      [
        [1, 1],
        [heads, 1],
        [heads, 1],
        [width, 1],
        [width, 1],
      ].map((shape, seed) => normalTensor(shape, seed)),
    );
    const [x, , , weight, bias] = [
      [1, 1],
      [heads, 1],
      [heads, 1],
      [width, 1],
      [width, 1],
    ].map((shape, seed) => numbers(normalTensor(shape, seed)));
    expectClose(
      numbers(out),
      (weight as number[]).map((w, i) => w * (x as number[])[0]! + (bias as number[])[i]!),
      1e-6,
    );
  });

  it("names what doesn't fit", () => {
    const [patches, ...others] = random();
    expect(() => attend([normalTensor([rows, 19], 0), ...others])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: channelAttention: expected patches of a last dim divisible by 5 channels, got 19.]`,
    );
    expect(() =>
      attend([patches as tf.Tensor, ...others], { mask: tf.ones([rows, 4], "bool") }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: channelAttention: expected mask of shape [12, 5], got [12, 4].]`,
    );
    expect(() => attend([patches as tf.Tensor, ...others], { chunkRows: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: channelAttention: expected chunkRows to be a positive whole number, got 0.]`,
    );
  });
});
