import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { recompute, valueAndGrad } from "../src/index.js";
import { alive, normalVariable, useCpuBackend } from "./cpu-backend.js";

useCpuBackend();

type Layer = (x: tf.Tensor) => tf.Tensor;

function makeModel() {
  const variables = [1, 2, 3].map((seed) => normalVariable([4, 4], seed));
  const [w1, w2, scale] = variables as [tf.Variable, tf.Variable, tf.Variable];
  const product = (x: tf.Tensor, w: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
  const block: Layer = (x) => tf.add(x, tf.mul(product(tf.tanh(product(x, w1)), w2), scale));
  return { variables, block };
}

function gradientsOf(f: () => tf.Tensor, variables: tf.Variable[]): (number[] | null)[] {
  const { value, gradients } = valueAndGrad(f as () => tf.Scalar, variables);
  const numbers = gradients.map((gradient) => (gradient ? Array.from(gradient.dataSync()) : null));
  tf.dispose([value, ...gradients.filter((gradient) => gradient !== null)]);
  return numbers;
}

describe("recompute", () => {
  const wrappings: Readonly<Record<string, (block: Layer) => Layer>> = {
    "around a layer": (block) => recompute(block),
    "around two layers": (block) => recompute((x: tf.Tensor) => block(block(x))),
    "nested in itself": (block) => recompute((x: tf.Tensor) => recompute(block)(recompute(block)(x))),
    "nested three deep": (block) => recompute((x: tf.Tensor) => recompute((y: tf.Tensor) => recompute(block)(y))(x)),
  };

  it.each(Object.keys(wrappings))("%s gives the gradients of the plain function and leaves nothing", (name) => {
    const { variables, block } = makeModel();
    const x = tf.ones([4, 4]);
    const layers = name.includes("two") || name.includes("itself") ? [block, block] : [block];
    const plain = (input: tf.Tensor) => layers.reduce((h, layer) => layer(h), input);
    const wrapped = wrappings[name]?.(block) as Layer;
    const expected = gradientsOf(() => tf.sum(tf.square(plain(plain(tf.mul(x, 0.5))))), variables);
    const before = alive();
    const got = gradientsOf(() => tf.sum(tf.square(wrapped(wrapped(tf.mul(x, 0.5))))), variables);
    expect(alive()).toEqual(before);
    for (const [index, numbers] of got.entries())
      for (const [position, number] of (numbers ?? []).entries()) {
        const reference = expected[index]?.[position] as number;
        expect(Math.abs(number - reference)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(reference))); // float32, summed in another order
      }
  });

  it("passes gradients to several inputs, also to one given twice", () => {
    const [a, b] = [normalVariable([3], 1), normalVariable([3], 2)] as const;
    const plain = (x: tf.Tensor, y: tf.Tensor) => tf.mul(tf.square(x), tf.exp(y));
    const wrapped = recompute(plain);
    const loss = (f: typeof plain) => () => tf.sum(tf.add(f(a, b), f(tf.tanh(a), tf.tanh(a))));
    expect(gradientsOf(loss(wrapped), [a, b])).toEqual(gradientsOf(loss(plain), [a, b]));
  });

  it("runs the function once when nothing records, and twice for a gradient", () => {
    const weight = normalVariable([2, 2], 1);
    let runs = 0;
    const counted = recompute((x: tf.Tensor) => {
      runs += 1;
      return tf.tanh(tf.mul(x, weight));
    });
    const before = alive();
    counted(weight).dispose();
    expect(runs).toBe(1);
    expect(alive()).toEqual(before);
    gradientsOf(() => tf.sum(counted(weight)), [weight]);
    expect(runs).toBe(3);
  });

  it("does not differentiate for variables that were not asked for", () => {
    const [weight, frozen] = [normalVariable([2, 2], 1), normalVariable([2, 2], 2)] as const;
    let derivatives = 0;
    const watched = tf.customGrad((x) => ({
      value: tf.square(x as tf.Tensor),
      gradFunc: (dy) => {
        derivatives += 1;
        return dy;
      },
    }));
    const layer = recompute((x: tf.Tensor) => tf.mul(x, watched(frozen)));
    const [gradient] = gradientsOf(() => tf.sum(layer(weight)), [weight]);
    expect(gradient).toEqual(Array.from(tf.square(frozen).dataSync()));
    expect(derivatives).toBe(0);
  });

  it("may use constants from outside, but not tensors that depend on a variable", () => {
    const weight = normalVariable([2, 2], 1);
    const constant = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const allowed = recompute((x: tf.Tensor) => tf.mul(x, constant));
    expect(gradientsOf(() => tf.sum(allowed(weight)), [weight])).toEqual([[1, 2, 3, 4]]);
    const loss = () => {
      const outside = tf.exp(weight);
      return tf.sum(recompute((x: tf.Tensor) => tf.mul(x, outside))(weight));
    };
    expect(() => gradientsOf(loss, [weight])).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: recompute: expected fn to use only its inputs and variables, got a tensor [2,2] that was computed outside. Pass it to fn as an input.]`,
    );
  });

  it("may give back its input, ignore it, or hold a derivative of its own", () => {
    const [a, b] = [normalVariable([3], 1), normalVariable([3], 2)] as const;
    const cases: Layer[] = [(x) => x, () => tf.square(b), (x) => tf.grad((y: tf.Tensor) => tf.sum(tf.exp(y)))(x)];
    for (const layer of cases) {
      const loss = (f: Layer) => () => tf.sum(tf.mul(f(tf.tanh(a)), b));
      expect(gradientsOf(loss(recompute(layer)), [a, b])).toEqual(
        gradientsOf(loss(layer), [a, b]).map((gradient) => gradient ?? [0, 0, 0]),
      );
    }
  });

  it("works under tf.variableGrads too", () => {
    const { variables, block } = makeModel();
    const wrapped = recompute(block);
    const f = () => tf.sum(tf.square(wrapped(tf.ones([4, 4])))) as tf.Scalar;
    const expected = gradientsOf(f, variables);
    const before = alive();
    const { value, grads } = tf.variableGrads(f, variables);
    expect(variables.map((variable) => Array.from(grads[variable.name]?.dataSync() ?? []))).toEqual(expected);
    tf.dispose([value, ...Object.values(grads)]);
    expect(alive()).toEqual(before);
  });
});
