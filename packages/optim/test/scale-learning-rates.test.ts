import { variable, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { scaleLearningRates } from "../src/index.js";

describeOnBackends("scaleLearningRates", () => {
  test("keeps each group's decay and multiplies its rate by that of the path", () => {
    const parameter = { variable: variable(zeros([2])), shape: [2], trainable: true };
    const groups = scaleLearningRates(
      [
        {
          parameters: [
            ["a.weight", parameter],
            ["b.weight", parameter],
            ["a.other", parameter],
          ],
          weightDecay: 0.1,
        },
        { parameters: [["a.bias", parameter]], weightDecay: 0, learningRateScale: 2 },
      ],
      (path) => (path.startsWith("a.") ? 0.5 : 1),
    );
    expect(
      groups.map(({ parameters, ...rest }) => ({ paths: [...parameters].map(([path]) => path), ...rest })),
    ).toEqual([
      { paths: ["a.weight", "a.other"], weightDecay: 0.1, learningRateScale: 0.5 },
      { paths: ["b.weight"], weightDecay: 0.1, learningRateScale: 1 },
      { paths: ["a.bias"], weightDecay: 0, learningRateScale: 1 },
    ]);
  });
});
