import { Linear } from "@graticule/nn";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { makeAdamW, weightDecayGroups } from "../src/index.js";

describeOnBackends("a module of @graticule/nn", () => {
  it("is updated by the paths of its parameters", () => {
    const layer = new Linear(2, 1);
    layer.weight.assign(Float32Array.of(1, -1));
    const optimizer = makeAdamW({ groups: weightDecayGroups(layer, 0.5) });
    optimizer.apply("weight", tf.tensor2d([[2, 2]]), 0.1);
    optimizer.apply("bias", tf.tensor1d([-3]), 0.1);
    const expected = [1 * 0.95 - 0.1, -1 * 0.95 - 0.1, 0.1]; // a first update is the learning rate against the sign
    const got = [...numbers(layer.weight.variable), ...numbers(layer.bias!.variable)];
    for (const [index, value] of got.entries()) expect(value).toBeCloseTo(expected[index] as number, 5);
    layer.dispose();
    optimizer.dispose();
  });
});
