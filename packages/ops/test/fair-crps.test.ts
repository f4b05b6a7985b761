import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { fairCrps } from "../src/index.js";
import { checkGradient } from "./check-gradient.js";
import { normalTensor, normalValues } from "./random-tensors.js";

describeOnBackends("fairCrps", (backend) => {
  it("is the mean error less half the mean distance of different members", () => {
    // Members 0, 1, 4 of truth 2: errors 2, 1, 2; distances 1, 4, 3 once each.
    const score = fairCrps(tf.tensor([0, 1, 4], [3, 1, 1, 1, 1]), tf.tensor([2], [1, 1, 1, 1]), {
      latitudeWeights: [1],
    });
    expect(numbers(score)[0]).toBeCloseTo(5 / 3 - (1 + 4 + 3) / (3 * 2), 6);
  });

  it("weights rows and variables", () => {
    const members = tf.tensor([0, 0, 0, 0, 2, 2, 2, 2], [2, 1, 2, 2, 1]);
    const target = tf.tensor([4, 4, 4, 4], [1, 2, 2, 1]);
    // Each pixel: (4 + 2) / 2 − 2 / 2 = 2.
    const options = { latitudeWeights: [0.5, 1.5], variableWeights: [3, 1] };
    expect(numbers(fairCrps(members, target, options))[0]).toBeCloseTo((2 * (3 + 1)) / 2, 6);
  });

  it("does not depend on the number of members in the mean", () => {
    const score = (members: number) => {
      const rows = 4000;
      const [x, y] = [normalTensor([members, 1, 1, rows, 1], 1), normalTensor([1, 1, rows, 1], 2)];
      return numbers(fairCrps(x, y, { latitudeWeights: new Array<number>(rows).fill(1) }))[0] as number;
    };
    // Two normals of variance 1: E|x − y| / 2 = 1 / √π.
    for (const members of [2, 8]) expect(Math.abs(score(members) * Math.sqrt(Math.PI) - 1)).toBeLessThan(0.05);
  });

  it.skipIf(backend === "wasm")("has the gradients that finite differences give", () => {
    // Far enough apart that no step of the differences crosses a kink.
    const members = Float32Array.from({ length: 12 }, (_, i) => ((i * 5) % 12) + 0.3);
    const shapes = { members: [3, 1, 2, 2, 1], target: [1, 2, 2, 1] };
    const target = normalValues(shapes.target, 1).map((value, i) => Math.round(value) + 0.8 + i);
    checkGradient(
      (x, y) => fairCrps(x as tf.Tensor, y as tf.Tensor, { latitudeWeights: [0.5, 1.5] }),
      [
        { shape: shapes.members, values: members },
        { shape: shapes.target, values: target },
      ],
    );
  });

  it("names what doesn't fit", () => {
    const target = tf.zeros([1, 2, 3, 4]);
    const score = (members: number[], weights: number[], variableWeights?: number[]) => () =>
      fairCrps(tf.zeros(members), target, { latitudeWeights: weights, ...(variableWeights && { variableWeights }) });
    expect(score([1, 1, 2, 3, 4], [1, 1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: fairCrps: expected at least 2 members, got 1.]`,
    );
    expect(score([2, 1, 2, 3, 5], [1, 1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fairCrps: expected target of shape [1, 2, 3, 5], got [1, 2, 3, 4].]`,
    );
    expect(score([2, 1, 2, 3, 4], [1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fairCrps: expected 3 latitude weights, got 2.]`,
    );
    expect(score([2, 1, 2, 3, 4], [1, 1, 1], [1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fairCrps: expected 2 variable weights, got 1.]`,
    );
  });
});
