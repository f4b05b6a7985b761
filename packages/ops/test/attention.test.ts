import { valueAndGrad } from "@graticule/autodiff";
import { getThreads, setThreads } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { backends, describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { attention } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor, normalValues } from "./random-tensors.js";

interface Sizes {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headDim: number;
}

/** The definition, in float64 loops; `sharedQuery` where q is of one sample for all. */
function reference(
  [q, k, v]: readonly [Float32Array, Float32Array, Float32Array],
  { batch, queries, keys, heads, keyHeads, headDim }: Sizes,
  bias: (b: number, h: number, i: number, n: number) => number,
  sharedQuery = false,
): number[] {
  const out: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < queries; i++)
      for (let h = 0; h < heads; h++) {
        const g = Math.floor((h * keyHeads) / heads);
        const query = ((sharedQuery ? 0 : b * queries) + i) * heads * headDim + h * headDim;
        const key = (n: number) => ((b * keys + n) * keyHeads + g) * headDim;
        const weights = Array.from({ length: keys }, (_, n) => {
          let score = 0;
          for (let j = 0; j < headDim; j++) score += q[query + j]! * k[key(n) + j]!;
          return Math.exp(score / Math.sqrt(headDim) + bias(b, h, i, n));
        });
        const total = weights.reduce((sum, weight) => sum + weight);
        for (let j = 0; j < headDim; j++)
          out.push(total === 0 ? 0 : weights.reduce((sum, weight, n) => sum + (weight / total) * v[key(n) + j]!, 0));
      }
  return out;
}

const sizes = (queries: number, keyHeads = 4): Sizes => ({
  batch: 3,
  queries,
  keys: 7,
  heads: 4,
  keyHeads,
  headDim: 5,
});

function makeInputs({ batch, queries, keys, heads, keyHeads, headDim }: Sizes, queryBatch = batch) {
  const shapes = [
    [queryBatch, queries, heads * headDim],
    [batch, keys, keyHeads * headDim],
    [batch, keys, keyHeads * headDim],
  ];
  const values = shapes.map((shape, seed) => normalValues(shape, seed)) as [Float32Array, Float32Array, Float32Array];
  const tensors = shapes.map((shape, index) => tf.tensor(values[index] as Float32Array, shape));
  return { values, tensors: tensors as [tf.Tensor, tf.Tensor, tf.Tensor] };
}

describeOnBackends("attention", () => {
  describe.each([1, 3, 7])("of %i queries", (queries) => {
    it.each([4, 2, 1])("is softmax(q·kᵀ / √headDim)·v with %i key heads of 4", (keyHeads) => {
      const size = sizes(queries, keyHeads);
      const { values, tensors } = makeInputs(size);
      const out = attention(...tensors, { numHeads: 4, numKeyValueHeads: keyHeads });
      expect(out.shape).toEqual([3, queries, 20]);
      expectClose(
        numbers(out),
        reference(values, size, () => 0),
        1e-5,
      );
    });

    it("takes one query for all samples", () => {
      const size = sizes(queries);
      const { values, tensors } = makeInputs(size, 1);
      const out = attention(...tensors, { numHeads: 4 });
      expectClose(
        numbers(out),
        reference(values, size, () => 0, true),
        1e-5,
      );
    });

    it("sees only the keys that a mask says, and gives zeros where it sees none", () => {
      const size = sizes(queries);
      const { values, tensors } = makeInputs(size);
      const seen = (b: number, n: number) => b !== 2 && (n + b) % 3 !== 0;
      const flags = Array.from({ length: 21 }, (_, i) => seen(Math.floor(i / 7), i % 7));
      const out = numbers(attention(...tensors, { numHeads: 4, mask: tf.tensor2d(flags, [3, 7], "bool") }));
      const expected = reference(values, size, (b, _h, _i, n) => (seen(b, n) ? 0 : Number.NEGATIVE_INFINITY));
      expectClose(out, expected, 1e-5);
      expect(out.slice(2 * queries * 20).every((value) => value === 0)).toBe(true);
    });

    it.each([1, 4])("adds a float32 mask of %i heads to the scores", (heads) => {
      const size = sizes(queries);
      const { values, tensors } = makeInputs(size);
      const shape = [3, heads, queries, 7];
      const bias = normalValues(shape, 9);
      bias[3] = Number.NEGATIVE_INFINITY;
      const out = attention(...tensors, { numHeads: 4, mask: tf.tensor(bias, shape) });
      const at = (b: number, h: number, i: number, n: number) =>
        bias[((b * heads + (heads === 1 ? 0 : h)) * queries + i) * 7 + n] as number;
      expectClose(numbers(out), reference(values, size, at), 1e-5);
    });
  });

  it("sees nothing later under a causal mask", () => {
    const size = sizes(7);
    const { values, tensors } = makeInputs(size);
    const out = attention(...tensors, { numHeads: 4, mask: "causal" });
    const expected = reference(values, size, (_b, _h, i, n) => (n <= i ? 0 : Number.NEGATIVE_INFINITY));
    expectClose(numbers(out), expected, 1e-5);
  });

  it.each([1, 2])("stays finite with large scores, with %i queries", (queries) => {
    const q = tf.fill([1, queries, 2], 100);
    const k = tf.tensor3d([100, 100, -100, -100], [1, 2, 2]);
    const v = tf.tensor3d([1, 2, 3, 4], [1, 2, 2]);
    expectClose(numbers(attention(q, k, v, { numHeads: 1 })).slice(0, 2), [1, 2], 1e-6);
  });

  it("passes NaN on, of one query", () => {
    const broken = tf.tensor3d([Number.NaN, 0, 0, 0], [1, 2, 2]);
    const out = attention(tf.ones([1, 1, 2]), broken, tf.ones([1, 2, 2]), { numHeads: 1 });
    expect(numbers(out).every(Number.isNaN)).toBe(true);
  });

  const input = (queries: number, batch: number, keyWidth: number) => [
    normalInput([batch, queries, 8], 1),
    normalInput([2, 3, keyWidth], 2),
    normalInput([2, 3, keyWidth], 3),
  ];
  const tolerance = 3e-3; // the softmax curves within the stencil's width
  describe.each([1, 2])("with %i queries", (queries) => {
    it("has the gradient of finite differences", () => {
      const mask = tf.tensor2d([1, 0, 1, 0, 1, 1], [2, 3], "bool");
      checkGradient((q, k, v) => attention(q!, k!, v!, { numHeads: 2 }), input(queries, 2, 8), { tolerance });
      checkGradient((q, k, v) => attention(q!, k!, v!, { numHeads: 2, mask }), input(queries, 1, 8), { tolerance });
      checkGradient((q, k, v) => attention(q!, k!, v!, { numHeads: 4, numKeyValueHeads: 2 }), input(queries, 2, 4), {
        tolerance,
      });
    });

    it("gives no gradient through a query that sees no key", () => {
      const variables = makeInputs({ ...sizes(queries), batch: 1 }).tensors.map((tensor) => tf.variable(tensor));
      const [q, k, v] = variables as [tf.Variable, tf.Variable, tf.Variable];
      const mask = tf.zeros([1, 7], "bool");
      const loss = () => tf.sum(attention(q, k, v, { numHeads: 4, mask })) as tf.Scalar;
      const { value, gradients } = valueAndGrad(loss, variables);
      for (const gradient of gradients) expect(numbers(gradient as tf.Tensor).every((slope) => slope === 0)).toBe(true);
      tf.dispose([value, ...(gradients as tf.Tensor[])]);
    });
  });

  it("has the gradient of finite differences under a causal mask", () => {
    checkGradient((q, k, v) => attention(q!, k!, v!, { numHeads: 2, mask: "causal" }), input(3, 2, 8), { tolerance });
  });
});

describeOnBackends(
  "attention of one query",
  () => {
    it("gives the same bits with any number of threads", () => {
      const before = getThreads();
      const variables = [
        [1, 1, 24],
        [150, 9, 24],
        [150, 9, 24],
      ].map((shape, seed) => tf.tidy(() => tf.variable(normalTensor(shape, seed))));
      const [q, k, v] = variables as [tf.Variable, tf.Variable, tf.Variable];
      const run = (threads: number): number[][] => {
        setThreads(threads);
        const loss = () => tf.sum(tf.square(attention(q, k, v, { numHeads: 3 }))) as tf.Scalar;
        const { value, gradients } = valueAndGrad(loss, variables);
        const result = (gradients as tf.Tensor[]).map(numbers);
        tf.dispose([value, ...(gradients as tf.Tensor[])]);
        return result;
      };
      const [one, two] = [run(1), run(2)];
      setThreads(before);
      expect(two).toEqual(one);
    });
  },
  backends.filter((name) => name === "torch"),
);
