import { makeRandom } from "@graticule/core";
import { add, conv2d, memory, type Tensor, type Tensor4D, tensor, transpose } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import {
  initialize,
  LayerNorm,
  Linear,
  Mlp,
  type Module,
  normal,
  PatchEmbed,
  SelfAttention,
  TransformerBlock,
} from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

const set = (module: Module, values: Record<string, number[]>) => {
  for (const [path, parameter] of module.namedParameters())
    if (values[path]) parameter.assign(Float32Array.from(values[path]));
};
const numbers = (x: Tensor) => [...x.dataSync()];
const expectNumbers = (x: Tensor, expected: number[]) => {
  const values = numbers(x);
  expect(values.length).toBe(expected.length);
  for (const [index, value] of values.entries()) expect(value).toBeCloseTo(expected[index]!, 5);
};
/** The exact GELU from a table of the normal distribution: x · Φ(x). */
const GELU_1 = 0.8413447;
const GELU_MINUS_2 = -2 * 0.0227501;

test("Linear multiplies by the rows of its weight, on any number of leading axes", () => {
  const layer = new Linear(2, 3);
  set(layer, { weight: [1, 2, 3, 4, 5, 6], bias: [0.5, 0, -1] });
  const y = layer.forward(tensor([1, 1, 0, 2], [1, 2, 1, 2]));
  expect(y.shape).toEqual([1, 2, 1, 3]);
  expectNumbers(y, [3.5, 7, 10, 4.5, 8, 11]);
});

test("Mlp passes the exact GELU between its layers", () => {
  const mlp = new Mlp(1, 2);
  set(mlp, { "fc1.weight": [1, -2], "fc2.weight": [10, 100], "fc2.bias": [1] });
  expectNumbers(mlp.forward(tensor([1], [1, 1])), [1 + 10 * GELU_1 + 100 * GELU_MINUS_2]);
});

test("LayerNorm divides by the biased standard deviation with 1e-6 under the root", () => {
  const layer = new LayerNorm(2);
  set(layer, { weight: [2, 3], bias: [0, 1] });
  // Mean 2, variance 1: (1 − 2)/1, (3 − 2)/1. The second row's variance 1e-6 equals epsilon: ±0.001/√2e-6.
  const y = layer.forward(tensor([1, 3, -0.001, 0.001], [2, 2]));
  expectNumbers(y, [-2, 4, -2 / Math.SQRT2, 1 + 3 / Math.SQRT2]);
});

test("LayerNorm takes another number under the root", () => {
  const layer = new LayerNorm(2, 3);
  set(layer, { weight: [1, 1] });
  expectNumbers(layer.forward(tensor([1, 3], [1, 2])), [-0.5, 0.5]); // variance 1
});

test("SelfAttention mixes values by the softmax of scaled products, each head by itself", () => {
  const layer = new SelfAttention(2, 2);
  // Heads of width 1: q = x, k = x, v = 10·x for each feature; the output projection swaps the features.
  set(layer, { "qkv.weight": [1, 0, 0, 1, 1, 0, 0, 1, 10, 0, 0, 10], "proj.weight": [0, 1, 1, 0] });
  const [a, b] = [1, 2];
  const mix = (query: number) => {
    const [first, second] = [Math.exp(query * a), Math.exp(query * b)];
    return (10 * (a * first + b * second)) / (first + second);
  };
  // Feature 0 is (1, 2) over the two tokens, feature 1 is (0, 0).
  const y = layer.forward(tensor([a, 0, b, 0], [1, 2, 2]));
  expectNumbers(y, [0, mix(a), 0, mix(b)]);
});

test("TransformerBlock adds attention, then MLP, to its input, and leaves one tensor", () => {
  const block = initialize(new TransformerBlock({ embedDim: 4, numHeads: 2, mlpDim: 8 }), [["**", normal(0.5)]], 1);
  const x = tensor([1, -1, 0.5, 2, 0, 3, -2, 1], [1, 2, 4]);
  const before = memory().numTensors;
  const y = block.forward(x);
  expect(memory().numTensors).toBe(before + 1);
  const attended = add(x, block.attn.forward(block.norm1.forward(x)));
  expectNumbers(y, numbers(add(attended, block.mlp.forward(block.norm2.forward(attended)))));
  const still = new TransformerBlock({ embedDim: 4, numHeads: 2, mlpDim: 8 });
  expect(numbers(still.forward(x))).toEqual(numbers(x));
});

test.each([2, 13])(
  "PatchEmbed is a convolution whose stride is its kernel: %i channels, 2 × 3 patches",
  (inChannels) => {
    const embed = initialize(
      new PatchEmbed({ imageSize: [6, 9], patchSize: 3, inChannels, embedDim: 5 }),
      [["**", normal(1)]],
      2,
    );
    expect(embed.grid).toEqual([2, 3]);
    const images = tensor(normal(1)([2, inChannels, 6, 9], makeRandom(4, "images")), [2, inChannels, 6, 9]) as Tensor4D;
    const filter = transpose(embed.proj.weight.variable, [2, 3, 1, 0]) as Tensor4D; // [P, P, C, D]
    const convolved = conv2d(transpose(images, [0, 2, 3, 1]) as Tensor4D, filter, 3, "valid");
    const expected = add(convolved, embed.proj.bias.variable);
    const tokens = embed.forward(images);
    expect(tokens.shape).toEqual([2, 6, 5]);
    for (const [index, value] of numbers(expected).entries())
      expect(Math.abs(numbers(tokens)[index]! - value)).toBeLessThan(2e-5);
  },
);

test("layers name what doesn't fit them", () => {
  const embed = new PatchEmbed({ imageSize: [4, 8], patchSize: 4, inChannels: 2, embedDim: 4 });
  expect(() => embed.forward(tensor(new Float32Array(24), [1, 3, 2, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: PatchEmbed: expected images [B, 2, 4, 8], got [1, 3, 2, 4]. Select the model's channels and resize to its imageSize first.]`,
  );
  expect(() => embed.forward(tensor(new Float32Array(64), [2, 4, 8]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: PatchEmbed: expected images [B, 2, 4, 8], got [2, 4, 8]. Select the model's channels and resize to its imageSize first.]`,
  );
  expect(
    () => new PatchEmbed({ imageSize: [4, 6], patchSize: 4, inChannels: 2, embedDim: 4 }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: PatchEmbed: expected patchSize to divide imageSize [4, 6], got 4. Choose a common divisor.]`,
  );
  expect(() => new SelfAttention(6, 4)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: SelfAttention: expected numHeads to divide embedDim 6, got 4. Choose a divisor.]`,
  );
  expect(() => new Linear(3, 2).forward(tensor([1, 2], [1, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: linear: expected weight of shape [N, 2], got [2, 3].]`,
  );
});
