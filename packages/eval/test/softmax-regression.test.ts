import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { minimizeLbfgs } from "../src/index.js";
import { fitSoftmaxRegression, softmaxLossAndGradient } from "../src/softmax-regression.js";
import { useCpuBackend } from "./cpu-backend.js";

useCpuBackend();

interface Fixture {
  l2: number;
  numClasses: number;
  features: number[];
  labels: number[];
  weight: number[];
  bias: number[];
  value: number;
}
const fixture = JSON.parse(
  readFileSync(new URL("./fixtures/softmax-regression.json", import.meta.url), "utf8"),
) as Fixture;

describe("minimizeLbfgs", () => {
  it("finds the minimum of Rosenbrock's valley", async () => {
    const result = await minimizeLbfgs(
      async (p) => {
        const [x, y] = [p[0] as number, p[1] as number];
        const value = (1 - x) ** 2 + 100 * (y - x * x) ** 2;
        return { value, gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)) };
      },
      Float64Array.of(-1.2, 1),
      { gradientTolerance: 1e-9 },
    );
    expect(result.parameters[0]).toBeCloseTo(1, 8);
    expect(result.parameters[1]).toBeCloseTo(1, 8);
    expect(result.iterations).toBeLessThan(60);
  });

  it("stops at once at an optimum", async () => {
    const result = await minimizeLbfgs(async () => ({ value: 3, gradient: new Float64Array(2) }), new Float64Array(2));
    expect(result).toMatchObject({ value: 3, gradientNorm: 0, iterations: 0 });
  });

  it("refuses a start that is not finite", async () => {
    const broken = minimizeLbfgs(async () => ({ value: Number.NaN, gradient: Float64Array.of(1) }), Float64Array.of(0));
    await expect(broken).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: minimizeLbfgs: expected a finite value and gradient at the start, got NaN and 1. Check the inputs of the objective.]`,
    );
  });
});

describe("softmax regression", () => {
  it("has the closed-form optimum in one dimension: a log-odds difference of log 3 on either side", async () => {
    const inputs = tf.tensor2d([1, 1, 1, 1, -1, -1, -1, -1], [8, 1]);
    const labels = Int32Array.of(1, 1, 1, 0, 0, 0, 0, 1);
    const { parameters, value } = await fitSoftmaxRegression(
      { inputs, labels, numClasses: 2 },
      0,
      new Float64Array(4),
      {
        gradientTolerance: 1e-7,
      },
    );
    const [weight0, weight1, bias0, bias1] = parameters as unknown as [number, number, number, number];
    expect(weight1 - weight0).toBeCloseTo(Math.log(3), 5);
    expect(bias1 - bias0).toBeCloseTo(0, 5);
    expect(value).toBeCloseTo(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)), 8);
    inputs.dispose();
  });

  it("equals the optimum that Newton's method found in float64 (fixture)", async () => {
    const numItems = fixture.labels.length;
    const inputs = tf.tensor2d(fixture.features, [numItems, fixture.features.length / numItems]);
    const problem = { inputs, labels: Int32Array.from(fixture.labels), numClasses: fixture.numClasses };
    const start = new Float64Array(fixture.weight.length + fixture.bias.length);
    const result = await fitSoftmaxRegression(problem, fixture.l2, start, { gradientTolerance: 1e-6 });
    // Gradient 1e-6 over curvature 0.01 (the L2): 1e-4.
    result.parameters.forEach((value, index) => {
      expect(Math.abs(value - ([...fixture.weight, ...fixture.bias][index] as number))).toBeLessThan(1e-4);
    });
    expect(result.value).toBeCloseTo(fixture.value, 7);
    expect(result.gradientNorm).toBeLessThanOrEqual(1e-6);
    inputs.dispose();
  });

  it("has the gradient of finite differences", async () => {
    const inputs = tf.tensor2d([0.5, -1, 2, 0.25, -0.75, 1.5], [3, 2]);
    const problem = { inputs, labels: Int32Array.of(0, 2, 1), numClasses: 3 };
    const at = Float64Array.from({ length: 9 }, (_, index) => Math.sin(index + 1));
    const { gradient } = await softmaxLossAndGradient(problem, at);
    for (let index = 0; index < at.length; index++) {
      const ends = await Promise.all(
        [1e-2, -1e-2].map((shift) => {
          const moved = at.slice();
          moved[index]! += shift;
          return softmaxLossAndGradient(problem, moved);
        }),
      );
      const slope = ((ends[0]?.value as number) - (ends[1]?.value as number)) / 2e-2;
      expect(Math.abs(slope - (gradient[index] as number))).toBeLessThan(5e-5); // float32 products, h² error
    }
    inputs.dispose();
  });
});
