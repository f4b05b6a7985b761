import "@tensorflow/tfjs-backend-cpu";
import { makeRandom } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll } from "vitest";
import { registerGradients } from "../src/index.js";

/** Sets the cpu backend up for a test file, and frees every variable after each test. */
export function useCpuBackend(): void {
  beforeAll(async () => {
    tf.enableProdMode(); // no banner
    await tf.setBackend("cpu");
    registerGradients(); // for tf.variableGrads, the reference
  });
  afterEach(() => tf.disposeVariables());
}

/** A variable of standard normal values, always the same for a seed. */
export function normalVariable(shape: number[], seed: number): tf.Variable {
  const random = makeRandom(seed, "autodiff test");
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal());
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

/** Tensors and bytes alive. */
export function alive(): { numTensors: number; numBytes: number } {
  const { numTensors, numBytes } = tf.memory();
  return { numTensors, numBytes };
}
