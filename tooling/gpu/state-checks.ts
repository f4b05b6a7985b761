import { adamW, sumOfSquares } from "@graticule/ops";
import { memoryStats } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { composedAdamW } from "../../packages/ops/src/adam-w.js";
import { normalTensor } from "../../packages/ops/test/random-tensors.js";
import { numbers } from "../test/tensor-numbers.js";

/** What a device can get wrong that no function of tensors shows; each returns a complaint, or nothing. */
export const stateChecks: Readonly<Record<string, () => string | undefined>> = {
  "adamW takes ten steps as its composed form does"() {
    const run = (update: typeof adamW): number[] => {
      const shape = [7, 900];
      const [param, first, second] = [normalTensor(shape, 1), tf.zeros(shape), tf.zeros(shape)].map((tensor) =>
        tf.variable(tensor),
      ) as [tf.Variable, tf.Variable, tf.Variable];
      const hyper = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.05 };
      for (let step = 1; step <= 10; step++)
        update(param, normalTensor(shape, 100 + step), first, second, {
          ...hyper,
          gradScale: step % 2 ? 1 : 0.7,
          step,
        });
      return [param, first, second].flatMap(numbers);
    };
    const expected = run(composedAdamW);
    return complain(run(adamW), expected, 1e-5);
  },
  "adamW leaves the gradient as it was"() {
    const [gradient, ...others] = [normalTensor([33], 1), tf.zeros([33]), tf.zeros([33]), tf.zeros([33])] as const;
    const [param, first, second] = others.map((tensor) => tf.variable(tensor)) as [
      tf.Variable,
      tf.Variable,
      tf.Variable,
    ];
    const before = numbers(gradient);
    const hyper = { learningRate: 0.1, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, step: 1 };
    adamW(param, gradient, first, second, { ...hyper, gradScale: 0.5 });
    return complain(numbers(gradient), before, 0);
  },
  "sums of squares of whole and broken rows"() {
    const counts = [0, 1, 1023, 1024, 100_000];
    const sums = counts.map((count) => numbers(sumOfSquares(tf.fill([count], 3)))[0] as number);
    return complain(
      sums,
      counts.map((count) => 9 * count),
      1e-6,
    );
  },
  "a small number beside a large one is not lost in a sum of squares"() {
    const sum = sumOfSquares(tf.concat([tf.tensor1d([4096]), tf.ones([8190])]));
    return complain(numbers(sum), [4096 ** 2 + 8190], 1e-6);
  },
  "products of integers are exact"() {
    const product = tf.matMul(tf.tensor2d([[30000, 1]], [1, 2], "int32"), tf.tensor2d([[30001], [7]], [2, 1], "int32"));
    return complain(numbers(product), [900_030_007], 0);
  },
  "convolutions keep float32"() {
    // 1 + 2^-12 has more digits than TF32 holds.
    const image = tf.fill([1, 8, 8, 16], 1 + 2 ** -12) as tf.Tensor4D;
    const filter = tf.ones([3, 3, 16, 4]) as tf.Tensor4D;
    return complain(numbers(tf.conv2d(image, filter, 1, "valid")).slice(0, 1), [144 * (1 + 2 ** -12)], 1e-6);
  },
  "an index out of range is an error, and the device works on"() {
    try {
      tf.gather(tf.ones([3, 2]), tf.tensor1d([1, 7], "int32"));
      return "expected an error, got a result";
    } catch {
      return complain(numbers(tf.add([1], [2])), [3], 0);
    }
  },
  "values of every dtype go there and back"() {
    const complaints = [
      complain(numbers(tf.tensor1d([1.5, -2])), [1.5, -2], 0),
      complain(numbers(tf.tensor1d([2 ** 31 - 1, -5], "int32")), [2 ** 31 - 1, -5], 0),
      complain(numbers(tf.tensor1d([1, 0], "bool")), [1, 0], 0),
      complain(numbers(tf.complex([1, 2], [3, 4])), [1, 3, 2, 4], 0),
      complain(numbers(tf.zeros([0, 3])), [], 0),
    ];
    return complaints.find(Boolean);
  },
  "an array may change as soon as its tensor is made"() {
    const values = new Float32Array(1 << 20).fill(1);
    const sums = [1, 2, 3].map((value) => {
      const tensor = tf.tensor1d(values.fill(value));
      return tf.sum(tensor);
    });
    return complain(
      sums.flatMap(numbers),
      [1, 2, 3].map((value) => value * values.length),
      0,
    );
  },
  "the memory meter sees what is held, and that it is given back"() {
    const before = memoryStats().liveBytes;
    const held = tf.tidy(() => tf.exp(tf.zeros([1 << 22]))); // a result: values from JavaScript may stay where they are
    const during = memoryStats().liveBytes;
    held.dispose();
    return complain([during - before, memoryStats().liveBytes - before], [4 << 22, 0], 0.01);
  },
};

function complain(got: readonly number[], expected: readonly number[], tolerance: number): string | undefined {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-30);
  const near = (value: number, index: number): boolean =>
    Math.abs(value - (expected[index] as number)) <= tolerance * scale;
  if (got.length === expected.length && got.every(near)) return undefined;
  const list = (values: readonly number[]): string => `[${values.slice(0, 8).join(", ")}]`;
  return `expected ${list(expected)}, got ${list(got)}`;
}
