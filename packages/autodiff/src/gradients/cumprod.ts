import * as tf from "@tensorflow/tfjs-core";

interface CumprodAttrs {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/**
 * Derivative of a running product y_i = x_0 … x_i, without a division, so that zeros are like other numbers:
 * dx_j = (x_0 … x_{j−1}) · r_j, where r_j = dy_j + x_{j+1} · r_{j+1} gathers what follows j.
 */
export const cumprodGradient: tf.GradConfig = {
  kernelName: "Cumprod",
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as CumprodAttrs;
    const x = saved[0] as tf.Tensor;
    const dim = tf.util.parseAxisParam(axis, x.shape)[0] as number;
    const turn = (tensor: tf.Tensor): tf.Tensor => (reverse ? tf.reverse(tensor, dim) : tensor);
    return {
      x: () => {
        const values = turn(x);
        // Exclusive products come one place later: y_{i+1} = x_0 … x_i.
        const slopes = exclusive ? later(turn(dy as tf.Tensor), dim, 1) : turn(dy as tf.Tensor);
        const before = tf.cumprod(values, dim, true);
        return turn(tf.mul(before, solve(slopes, later(values, dim, 1), dim)));
      },
    };
  },
};

/** What stands `steps` places later along a dim, zero past the end. */
function later(x: tf.Tensor, dim: number, steps: number): tf.Tensor {
  const length = x.shape[dim] as number;
  const begin = x.shape.map((_, index) => (index === dim ? Math.min(steps, length) : 0));
  const padding = x.shape.map((_, index): [number, number] => [0, index === dim ? Math.min(steps, length) : 0]);
  return tf.pad(tf.slice(x, begin), padding);
}

/** r_j = b_j + a_j · r_{j+1} along a dim, in log₂(length) steps: each doubles how far a value has reached back. */
function solve(b: tf.Tensor, a: tf.Tensor, dim: number): tf.Tensor {
  let [sum, factor] = [b, a];
  for (let steps = 1; steps < (b.shape[dim] as number); steps *= 2) {
    sum = tf.add(sum, tf.mul(factor, later(sum, dim, steps)));
    factor = tf.mul(factor, later(factor, dim, steps));
  }
  return sum;
}
