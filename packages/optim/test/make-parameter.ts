import * as tf from "@tensorflow/tfjs-core";
import type { OptimizedParameter } from "../src/index.js";

export function makeParameter(shape: number[], values: readonly number[], trainable = true): OptimizedParameter {
  return { shape, trainable, variable: tf.tidy(() => tf.variable(tf.tensor(values as number[], shape))) };
}
