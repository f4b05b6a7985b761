import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { valueAndGrad } from "../src/index.js";
import { alive, normalVariable, useCpuBackend } from "./cpu-backend.js";
import { differentiableFunctions, type Variables } from "./differentiable-functions.js";

useCpuBackend();

function makeVariables(): Variables {
  return {
    a: normalVariable([3, 4], 1),
    b: normalVariable([4, 3], 2),
    c: normalVariable([4], 3),
    d: normalVariable([3], 4),
    e: normalVariable([2, 3, 4], 5),
    unused: normalVariable([2], 6),
  } as Variables;
}

describe("valueAndGrad gives the value and gradients of tf.variableGrads, and leaves nothing behind, for", () => {
  it.each(Object.keys(differentiableFunctions))("%s", (name) => {
    const variables = makeVariables();
    const list: tf.Variable[] = Object.values(variables);
    const f = () => differentiableFunctions[name]?.(variables) as tf.Scalar;
    const reference = tf.variableGrads(f, list);
    const before = alive();
    const { value, gradients } = valueAndGrad(f, list);

    expect(value.dataSync()).toEqual(reference.value.dataSync());
    expect(gradients.some((gradient) => gradient !== null)).toBe(true);
    for (const [index, gradient] of gradients.entries()) {
      const expected = reference.grads[(list[index] as tf.Variable).name];
      expect(gradient?.shape).toEqual(expected?.shape);
      expect(gradient?.dataSync()).toEqual(expected?.dataSync()); // the same operations in the same order: bit for bit
    }
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== null)]);
    expect(alive()).toEqual(before);
  });
});
