import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { backward, recompute } from "../src/index.js";
import { alive, normalVariable, useCpuBackend } from "./cpu-backend.js";

useCpuBackend();

const DEPTH = 12;
const WIDTH = 16;
const ROWS = 256;
const ACTIVATION_BYTES = ROWS * WIDTH * 4;

type Layer = (x: tf.Tensor) => tf.Tensor;

function makeChain(): { weights: tf.Variable[]; layers: Layer[]; x: tf.Tensor } {
  const weights = Array.from({ length: DEPTH }, (_, seed) => normalVariable([WIDTH, WIDTH], seed));
  const layers = weights.map(
    (weight): Layer =>
      (x) =>
        tf.tidy(() => tf.tanh(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D))),
  );
  return { weights, layers, x: tf.ones([ROWS, WIDTH]) };
}

const run = (layers: readonly Layer[], x: tf.Tensor): tf.Scalar =>
  tf.mean(layers.reduce((h, layer) => layer(h), x)) as tf.Scalar;

/** Bytes over those alive at the start, each time a gradient is handed over, and the largest while any kernel ran. */
async function bytesDuring(layers: readonly Layer[], weights: tf.Variable[], x: tf.Tensor) {
  const { numBytes } = tf.memory();
  const atGradient: number[] = [];
  const { peakBytes } = await tf.profile(() =>
    backward(
      () => run(layers, x),
      weights,
      (_, gradient) => {
        gradient.dispose();
        atGradient.push(tf.memory().numBytes - numBytes);
      },
    ).dispose(),
  );
  return { atGradient, peakBytes: peakBytes - numBytes };
}

describe("memory of a backward pass through 12 layers", () => {
  it("shrinks by each layer's activations as the walk passes it, while tf.variableGrads holds them to the end", async () => {
    const { weights, layers, x } = makeChain();
    const { numBytes } = tf.memory();
    const tfjs = await tf.profile(() => tf.dispose(tf.variableGrads(() => run(layers, x), weights) as never));
    const tfjsPeak = tfjs.peakBytes - numBytes;
    const { atGradient, peakBytes } = await bytesDuring(layers, weights, x);

    expect(atGradient).toHaveLength(DEPTH);
    for (const [index, bytes] of atGradient.entries())
      if (index > 0) expect(bytes).toBeLessThanOrEqual((atGradient[index - 1] as number) - 2 * ACTIVATION_BYTES);
    expect(atGradient[DEPTH / 2]).toBeLessThan(0.4 * tfjsPeak);
    expect(peakBytes).toBeLessThan(0.75 * tfjsPeak);
    expect(atGradient.at(-1)).toBeLessThan(16); // the loss alone, and scalars
  });

  it("holds with recompute one input per layer instead of all activations", async () => {
    const { weights, layers, x } = makeChain();
    const plain = await bytesDuring(layers, weights, x);
    const saving = await bytesDuring(
      layers.map((layer) => recompute(layer)),
      weights,
      x,
    );
    expect(saving.peakBytes).toBeLessThan(0.7 * plain.peakBytes);
  });

  it("keeps nothing of what depends on no variable while the forward pass runs", () => {
    const weight = normalVariable([WIDTH, WIDTH], 1);
    const x = tf.ones([ROWS, WIDTH]) as tf.Tensor2D;
    let held = 0;
    backward(
      () => {
        const { numBytes } = tf.memory();
        const prepared = tf.tidy(() =>
          tf.tanh(tf.exp(tf.square(tf.matMul(x, tf.ones([WIDTH, WIDTH]))))),
        ) as tf.Tensor2D;
        held = tf.memory().numBytes - numBytes;
        return tf.sum(tf.matMul(prepared, weight as tf.Tensor2D));
      },
      [weight],
      (_, gradient) => gradient.dispose(),
    ).dispose();
    expect(held).toBe(ACTIVATION_BYTES); // the prepared tensor itself
  });
});

describe("nothing leaks when", () => {
  const failures: Readonly<Record<string, (weight: tf.Variable) => () => void>> = {
    "the function throws midway": (weight) => () => {
      backward(
        () => {
          tf.tanh(tf.matMul(weight as tf.Tensor2D, weight as tf.Tensor2D));
          throw new Error("planned");
        },
        [weight],
        () => {},
      );
    },
    "the function fails inside a scope": (weight) => () => {
      backward(
        () => tf.tidy(() => tf.sum(tf.matMul(tf.tanh(weight) as tf.Tensor2D, tf.ones([3, 3])))),
        [weight],
        () => {},
      );
    },
    "a custom operation throws after it saved": (weight) => () => {
      const broken = tf.customGrad((x, save) => {
        (save as tf.GradSaveFunc)([x as tf.Tensor, tf.exp(x as tf.Tensor)]);
        throw new Error("planned");
      });
      backward(
        () => tf.sum(broken(tf.tanh(weight))),
        [weight],
        () => {},
      );
    },
    "a derivative throws": (weight) => () => {
      const broken = tf.customGrad((x, save) => {
        (save as tf.GradSaveFunc)([x as tf.Tensor]);
        return {
          value: tf.square(x as tf.Tensor),
          gradFunc: (dy, saved) => {
            tf.mul(dy, saved[0] as tf.Tensor);
            throw new Error("planned");
          },
        };
      });
      backward(
        () => tf.sum(tf.exp(broken(tf.tanh(weight)))),
        [weight],
        () => {},
      );
    },
    "a derivative has the wrong shape": (weight) => () => {
      const wrong = tf.customGrad((x) => ({ value: tf.square(x as tf.Tensor), gradFunc: () => tf.ones([2, 2]) }));
      backward(
        () => tf.sum(wrong(tf.tanh(weight))),
        [weight],
        () => {},
      );
    },
    "the callback throws": (weight) => () => {
      backward(
        () => tf.sum(tf.tanh(tf.matMul(weight as tf.Tensor2D, weight as tf.Tensor2D))),
        [weight],
        () => {
          throw new Error("planned");
        },
      );
    },
    "the loss is no scalar": (weight) => () => {
      backward(
        () => tf.tanh(weight) as tf.Scalar,
        [weight],
        () => {},
      );
    },
    "a recomputed function throws": (weight) => () => {
      const broken = recompute((x: tf.Tensor) => {
        tf.tanh(tf.mul(x, weight));
        throw new Error("planned");
      });
      backward(
        () => tf.sum(broken(tf.exp(weight))),
        [weight],
        () => {},
      );
    },
    "a recomputed function throws the second time": (weight) => () => {
      let runs = 0;
      const flaky = recompute((x: tf.Tensor) => {
        const y = tf.tanh(tf.mul(x, weight));
        if (++runs > 1) throw new Error("planned");
        return y;
      });
      backward(
        () => tf.sum(tf.exp(flaky(tf.exp(weight)))),
        [weight],
        () => {},
      );
    },
  };

  it.each(Object.keys(failures))("%s", (name) => {
    const weight = normalVariable([WIDTH, WIDTH], 1);
    const before = alive();
    expect(failures[name]?.(weight)).toThrow();
    expect(alive()).toEqual(before);
    expect(() => tf.dispose(tf.grad((x) => tf.sum(tf.square(x)))(weight))).not.toThrow(); // tfjs records as before
    expect(alive()).toEqual(before);
  });
});
