import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { gelu } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";

describeOnBackends("gelu", () => {
  it("is x times the normal distribution function", () => {
    const x = [-3, -1, -0.5, 0, 0.5, 1, 2];
    const expected = [
      -0.0040496940948802, -0.15865525393145707, -0.15426876936299344, 0, 0.34573123063700656, 0.8413447460685429,
      1.9544997361036416,
    ];
    expectClose(numbers(gelu(tf.tensor1d(x))), expected, 1e-6); // tfjs's own erf is good to 1.5e-7
  });

  it("is the tanh approximation on request", () => {
    const x = [-3, -1, 0, 0.5, 2];
    const expected = x.map(
      (value) => (value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)))) / 2,
    );
    expectClose(numbers(gelu(tf.tensor1d(x), { approximate: "tanh" })), expected, 1e-6);
  });

  it.each(["none", "tanh"] as const)("has the gradient of finite differences, approximate %s", (approximate) => {
    checkGradient((x) => gelu(x as tf.Tensor, { approximate }), [normalInput([3, 7], 1)]);
  });
});
