import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { makeRandom } from "@graticule/core";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerGradients, valueAndGrad } from "../src/index.js";
import { normalVariable } from "./cpu-backend.js";

interface Case {
  readonly shapes: readonly number[][];
  readonly f: (...inputs: [tf.Tensor, ...tf.Tensor[]]) => tf.Tensor;
  /** Where not all: wasm has no einsum and no filter gradient, and only torch convolves with channels first. */
  readonly backends?: readonly string[];
}

const einsum = (equation: string, ...shapes: number[][]): Case => ({
  shapes,
  f: (...inputs) => tf.einsum(equation, ...inputs),
  backends: ["cpu", "torch"],
});

/** tfjs's cpu backend writes into the tensor that it updates, so it gets a copy. */
const scatterUpdate = (x: tf.Tensor, indices: tf.Tensor, updates?: tf.Tensor): tf.Tensor =>
  tf.tensorScatterUpdate(tf.add(x, 0), indices, updates as tf.Tensor);

const cumprod = (axis: number, exclusive: boolean, reverse: boolean): Case => ({
  shapes: [[3, 5]],
  f: (x) => tf.cumprod(x, axis, exclusive, reverse),
});

const conv2d = (
  image: number[],
  filter: number[],
  pad: "same" | "valid" | tf.backend_util.ExplicitPadding,
  dilations: [number, number] | number,
  dataFormat: "NHWC" | "NCHW" = "NHWC",
): Case => ({
  shapes: [image, filter],
  f: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, pad, dataFormat, dilations),
  backends: dataFormat === "NCHW" ? ["torch"] : ["cpu", "wasm", "torch"],
});

const cases: Readonly<Record<string, Case>> = {
  "einsum of matrices": einsum("ij,jk->ik", [2, 3], [3, 4]),
  "einsum of batches with a permuted result": einsum("bqhd,bkhd->khqb", [2, 2, 1, 3], [2, 3, 1, 3]),
  "einsum that transposes": einsum("ij->ji", [2, 3]),
  // tfjs's cpu backend fails at this one.
  "einsum that sums over a letter of one operand": { ...einsum("ij,kj->k", [2, 3], [4, 3]), backends: ["torch"] },
  "einsum that sums over the last letter": einsum("ij->i", [2, 3]),
  "einsum to a scalar": einsum("i,i->", [3], [3]),
  "einsum of an outer product": einsum("i,j->ji", [3], [2]),
  "gatherND of rows, one twice": {
    shapes: [[4, 3]],
    f: (x) => tf.gatherND(x, tf.tensor2d([[3], [1], [3]], [3, 1], "int32")),
  },
  "gatherND of single values": {
    shapes: [[2, 3, 2]],
    f: (x) => tf.gatherND(x, tf.tensor3d([[[1, 2, 0]], [[0, 0, 1]]], [2, 1, 3], "int32")),
  },
  "scatterND with one place twice": {
    shapes: [[3, 2]],
    f: (updates) => tf.scatterND(tf.tensor2d([[3], [0], [3]], [3, 1], "int32"), updates, [4, 2]),
  },
  "topk of rows": { shapes: [[3, 5]], f: (x) => tf.topk(x, 2).values },
  "topk of a vector": { shapes: [[6]], f: (x) => tf.topk(x, 3).values },
  "cumprod over the last dim": cumprod(1, false, false),
  "cumprod over the first dim, exclusive": cumprod(0, true, false),
  "cumprod over the last dim, reversed": cumprod(1, false, true),
  "cumprod over the last dim, exclusive and reversed": cumprod(1, true, true),
  "tensorScatterUpdate of rows": {
    shapes: [
      [4, 2],
      [2, 2],
    ],
    f: (x, updates) => scatterUpdate(x, tf.tensor2d([[3], [1]], [2, 1], "int32"), updates),
  },
  "tensorScatterUpdate of single values, one overwritten": {
    shapes: [[2, 3], [3]],
    f: (x, updates) => {
      const places = tf.tensor2d(
        [
          [1, 2],
          [0, 0],
          [1, 2],
        ],
        [3, 2],
        "int32",
      );
      return scatterUpdate(x, places, updates);
    },
  },
  "a dilated convolution, same": conv2d([2, 5, 4, 2], [3, 2, 2, 3], "same", [2, 1]),
  "a dilated convolution, valid": conv2d([1, 6, 7, 2], [2, 3, 2, 2], "valid", [3, 2]),
  "a dilated convolution, explicit padding": conv2d(
    [1, 4, 5, 1],
    [2, 2, 1, 2],
    [
      [0, 0],
      [2, 0],
      [1, 3],
      [0, 0],
    ],
    2,
  ),
  "a dilated convolution, channels first": conv2d([2, 2, 5, 4], [3, 2, 2, 3], "same", 2, "NCHW"),
  "an undilated convolution": { ...conv2d([1, 4, 5, 2], [2, 3, 2, 2], "same", 1), backends: ["cpu", "torch"] },
};

/** Weights for the sum of a function's outputs. */
function normalTensor(shape: number[], seed: number): tf.Tensor {
  const random = makeRandom(seed, "autodiff weights");
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal());
  return tf.tensor(values, shape);
}

/** Five-point differences of the weighted sum of a function's outputs, added up in float64. */
function differences(f: Case["f"], variables: tf.Variable[], which: number): number[] {
  const variable = variables[which] as tf.Variable;
  const values = variable.dataSync().slice() as Float32Array;
  const h = 0.004;
  const at = (position: number, offset: number): number => {
    const shifted = values.slice();
    shifted[position] = (shifted[position] as number) + offset;
    return tf.tidy(() => {
      const inputs = variables.map((other, index) => (index === which ? tf.tensor(shifted, variable.shape) : other));
      const output = f(...(inputs as [tf.Tensor, ...tf.Tensor[]]));
      const weights = normalTensor(output.shape, 9).dataSync();
      return Array.from(output.dataSync()).reduce((sum, y, i) => sum + y * (weights[i] as number), 0);
    });
  };
  return Array.from(values, (_, i) => (8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h));
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  // Float32 outputs near 1, rounded to 6e-8, over steps of 0.004.
  for (let i = 0; i < got.length; i++)
    expect(Math.abs((got[i] as number) - (expected[i] as number))).toBeLessThan(
      1e-3 * Math.max(1, Math.abs(expected[i] as number)),
    );
}

describe.each(isAddonBuilt() ? ["cpu", "wasm", "torch"] : ["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => {
    tf.enableProdMode(); // no banner
    await tf.setBackend(backend);
    registerGradients();
  });
  afterAll(() => tf.disposeVariables());

  const names = Object.keys(cases).filter((name) => cases[name]?.backends?.includes(backend) ?? true);

  it.each(names)("%s: backward and tf.grads agree with finite differences", (name) => {
    const { shapes, f } = cases[name] as Case;
    const variables = shapes.map((shape, index) => normalVariable(shape, index + 1));
    const loss = (...inputs: tf.Tensor[]): tf.Scalar => {
      const output = f(...(inputs as [tf.Tensor, ...tf.Tensor[]]));
      return tf.sum(tf.mul(output, normalTensor(output.shape, 9)));
    };
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGrad(() => loss(...variables), variables);
    const viaTfjs = tf.tidy(() =>
      tf
        .grads(loss)(variables)
        .map((gradient) => gradient.dataSync()),
    );
    for (const [index, gradient] of (gradients as tf.Tensor[]).entries()) {
      expectClose(gradient.dataSync(), differences(f, variables, index));
      expectClose(viaTfjs[index] as Float32Array, gradient.dataSync());
    }
    tf.dispose([value, ...(gradients as tf.Tensor[])]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("cumprod's gradient is right at zeros", () => {
    const gradientAt = (...values: number[]) =>
      tf.tidy(() =>
        Array.from(
          tf
            .grad((x: tf.Tensor) => tf.sum(tf.cumprod(x)))(tf.tensor1d(values))
            .dataSync(),
        ),
      );
    expect(gradientAt(2, 0, 3)).toEqual([1, 8, 0]); // 1 + x1 + x1·x2, x0 + x0·x2, x0·x1
    expect(gradientAt(0, 5, 0, 2)).toEqual([6, 0, 0, 0]); // 1 + x1 + x1·x2 + x1·x2·x3
  });

  it("has second derivatives through gatherND", () => {
    const indices = tf.tensor2d([[0], [2], [2]], [3, 1], "int32");
    const first = tf.grad((x: tf.Tensor) => tf.sum(tf.square(tf.gatherND(x, indices))));
    const second = tf.tidy(() =>
      Array.from(
        tf
          .grad((x: tf.Tensor) => tf.sum(first(x)))(tf.tensor1d([1, 2, 3]))
          .dataSync(),
      ),
    );
    indices.dispose();
    expect(second).toEqual([2, 0, 4]);
  });
});
