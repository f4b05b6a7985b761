import { makeRandom } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";

/** Standard normal values, always the same for a seed. */
export function normalValues(shape: readonly number[], seed: number): Float32Array {
  const random = makeRandom(seed, "ops test");
  return Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => random.normal());
}

export function normalTensor(shape: readonly number[], seed: number): tf.Tensor {
  return tf.tensor(normalValues(shape, seed), [...shape]);
}
