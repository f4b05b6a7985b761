import * as tf from "@tensorflow/tfjs-core";
import { recompute } from "../src/index.js";

/** a `[3, 4]`, b `[4, 3]`, c `[4]`, d `[3]`, e `[2, 3, 4]` and one that no function uses. */
export interface Variables {
  readonly a: tf.Variable<tf.Rank.R2>;
  readonly b: tf.Variable<tf.Rank.R2>;
  readonly c: tf.Variable<tf.Rank.R1>;
  readonly d: tf.Variable<tf.Rank.R1>;
  readonly e: tf.Variable<tf.Rank.R3>;
  readonly unused: tf.Variable;
}

const scaleBy3 = tf.customGrad((x, save) => {
  (save as tf.GradSaveFunc)([x as tf.Tensor]);
  return {
    value: tf.mul(x as tf.Tensor, tf.square(x as tf.Tensor)),
    gradFunc: (dy, saved) => tf.mul(dy, tf.mul(3, tf.square(saved[0] as tf.Tensor))),
  };
});

/** Its derivative hands back `dy` itself, for both inputs. */
const addPlainly = tf.customGrad((x, y) => ({
  value: tf.add(x as tf.Tensor, y as tf.Tensor),
  gradFunc: (dy) => [dy, dy],
}));

/** Functions that `backward` must differentiate as `tf.variableGrads` does. */
export const differentiableFunctions: Readonly<Record<string, (variables: Variables) => tf.Tensor>> = {
  "a matrix product": ({ a, b }) => tf.mean(tf.square(tf.matMul(a, b))),
  "a transposed matrix product": ({ a, e }) =>
    tf.sum(tf.square(tf.matMul(tf.unstack(e)[1] as tf.Tensor2D, a, true, false))),
  "a variable used twice": ({ a, b }) => tf.sum(tf.mul(tf.matMul(a, b), tf.matMul(tf.transpose(b), tf.transpose(a)))),
  "a variable times itself": ({ c }) => tf.sum(tf.mul(c, c)),
  "a variable as the loss": ({ c }) => tf.squeeze(tf.slice(c, [1], [1])),
  "one variable shared by two branches": ({ a, c }) => tf.add(tf.sum(tf.mul(a, c)), tf.mean(tf.tanh(c))),
  "a broadcast sum": ({ a, c, e }) => tf.mean(tf.square(tf.add(tf.add(e, a), c))),
  "a broadcast product over an inner dim": ({ a, d }) => tf.sum(tf.mul(a, tf.reshape(d, [3, 1]))),
  "a broadcast quotient": ({ a, c }) => tf.sum(tf.div(a, tf.add(tf.square(c), 1))),
  "a tensor used three times": ({ a }) => {
    const h = tf.tanh(a);
    return tf.sum(tf.add(tf.mul(h, h), h));
  },
  "a concatenation": ({ a, c, d }) => tf.sum(tf.square(tf.concat([tf.reshape(a, [12]), c, d, c]))),
  "a split of which one part is used": ({ a }) => tf.sum(tf.square(tf.split(a, 2, 1)[1] as tf.Tensor)),
  "a split of which all parts are used": ({ e }) => {
    const [x, y, z] = tf.split(e, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return tf.sum(tf.mul(tf.mul(x, y), z));
  },
  "an unstack of which one part is used": ({ a }) => tf.sum(tf.exp(tf.unstack(a)[2] as tf.Tensor)),
  "a stack": ({ c }) => tf.sum(tf.square(tf.stack([c, tf.mul(c, 2), c], 1))),
  "a gather with a repeated index": ({ a }) => tf.sum(tf.square(tf.gather(a, tf.tensor1d([2, 0, 2], "int32")))),
  "a slice": ({ e }) => tf.sum(tf.square(tf.slice(e, [0, 1, 1], [2, 1, 3]))),
  "a strided slice": ({ e }) => tf.sum(tf.square(tf.reverse(tf.slice(e, [1, 0, 0], [1, 3, 4]), 2))),
  "a pad and a tile": ({ a }) =>
    tf.sum(
      tf.square(
        tf.tile(
          tf.pad(a, [
            [1, 0],
            [0, 2],
          ]),
          [2, 1],
        ),
      ),
    ),
  "a transpose of three dims": ({ e, a }) => tf.sum(tf.mul(tf.transpose(e, [1, 2, 0]), tf.expandDims(a, 2))),
  "a softmax": ({ a, c }) => tf.sum(tf.mul(tf.softmax(a), c)),
  "a log-softmax": ({ a, c }) => tf.sum(tf.mul(tf.logSoftmax(a), c)),
  "a normalization": ({ a, c }) => {
    const centered = tf.sub(a, tf.mean(a, -1, true));
    return tf.sum(tf.mul(tf.mul(centered, tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), 1e-3))), c));
  },
  "an error function": ({ a }) => tf.sum(tf.mul(a, tf.erf(a))),
  "a maximum over a dim": ({ a }) => tf.sum(tf.square(tf.max(a, 1))),
  "a rectifier and a clip": ({ a }) => tf.sum(tf.mul(tf.relu(a), tf.clipByValue(a, -0.5, 0.7))),
  "a cast to whole numbers and back": ({ c }) => tf.sum(tf.mul(tf.cast(tf.cast(tf.mul(c, 4), "int32"), "float32"), c)),
  "a convolution": ({ e, a }) =>
    tf.sum(
      tf.square(
        tf.conv2d(tf.reshape(e, [1, 4, 6, 1]) as tf.Tensor4D, tf.reshape(a, [2, 2, 1, 3]) as tf.Tensor4D, 1, "valid"),
      ),
    ),
  "a fused product with bias and activation": ({ a, b, d }) =>
    tf.sum(tf.square(tf.fused.matMul({ a, b, bias: d, activation: "relu" }))),
  "an operation with a custom gradient": ({ a, c }) => tf.sum(tf.mul(scaleBy3(a), c)),
  "a custom gradient that returns its own input twice": ({ a, c }) =>
    tf.sum(tf.square(addPlainly(addPlainly(a, a), tf.tile(tf.reshape(c, [1, 4]), [3, 1])))),
  "work in nested scopes": ({ a, b }) => tf.tidy(() => tf.sum(tf.tidy(() => tf.relu(tf.tidy(() => tf.matMul(a, b)))))),
  "a derivative inside the function": ({ a, c }) =>
    tf.sum(tf.mul(tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tf.square(x), x)))(a), c)),
  "a part behind which nothing depends on it": ({ a, c }) => {
    tf.sum(tf.exp(a));
    return tf.sum(tf.square(c));
  },
  "a constant branch": ({ c }) => tf.add(tf.sum(c), tf.sum(tf.square(tf.ones([5, 5])))),
  "a recomputed layer": ({ a, b }) =>
    tf.sum(tf.square(recompute((x: tf.Tensor) => tf.tanh(tf.matMul(x as tf.Tensor2D, b)))(a))),
  "a variable used inside and outside of a recomputed layer": ({ a, c }) => {
    const layer = recompute((x: tf.Tensor) => tf.mul(tf.tanh(tf.mul(x, c)), c));
    return tf.sum(tf.mul(layer(layer(a)), c));
  },
};
