import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { knn } from "../src/index.js";
import { makeClusters } from "./clusters.js";
import { useCpuBackend } from "./cpu-backend.js";

useCpuBackend();
const set = (values: readonly number[], labels: readonly number[], numClasses = 2) => ({
  values: Float32Array.from(values),
  labels: Int32Array.from(labels),
  numClasses,
});
const bootstrap = { resamples: 10 };

describe("knn", () => {
  it("weighs votes by exp(cosine / temperature), worked by hand", async () => {
    // Cosines with the test item (1, 0): 1 (class 0), 0.8 (class 1), 0.6 (class 1), −1 (class 1).
    const trainFeatures = set([2, 0, 4, 3, 3, 4, -1, 0], [0, 1, 1, 1]);
    const testFeatures = set([10, 0], [0]);
    const cold = await knn({ trainFeatures, testFeatures, k: 3, temperature: 0.1, seed: 0, bootstrap });
    const weights = [1, Math.exp(-2), Math.exp(-4)] as const;
    const total = weights[0] + weights[1] + weights[2];
    expect(cold.votes[0]).toBeCloseTo(weights[0] / total, 6);
    expect(cold.votes[1]).toBeCloseTo((weights[1] + weights[2]) / total, 6);
    expect([...cold.predictions]).toEqual([0]);
    const warm = await knn({ trainFeatures, testFeatures, k: 3, temperature: 10, seed: 0, bootstrap });
    expect([...warm.predictions]).toEqual([1]); // two nearly equal votes against one
  });

  it("takes the earlier of equally near train items", async () => {
    const trainFeatures = set([1, 0, 1, 0, 1, 0], [1, 0, 0]);
    const result = await knn({ trainFeatures, testFeatures: set([1, 0], [1]), k: 1, seed: 0, bootstrap });
    expect([...result.predictions]).toEqual([1]);
  });

  it("classifies clusters without leaking a tensor", async () => {
    const before = tf.memory().numTensors;
    const trainFeatures = makeClusters("train", 120, 6, 4, 0.3);
    const testFeatures = makeClusters("test", 80, 6, 4, 0.3);
    const result = await knn({ trainFeatures, testFeatures, k: 5, seed: 0, bootstrap });
    expect(result.metrics.top1).toBeGreaterThan(0.8);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("says what is wrong with k and the temperature", async () => {
    const good = set([0, 1, 2, 3], [0, 1]);
    const message = (more: object) =>
      knn({ trainFeatures: good, testFeatures: good, seed: 0, ...more }).then(String, (error: Error) => error.message);
    expect(await message({})).toMatchInlineSnapshot(
      `"knn: expected k from 1 to the 2 train items, got 20. Ask for fewer neighbours."`,
    );
    expect(await message({ k: 1, temperature: 0 })).toMatchInlineSnapshot(
      `"knn: expected a temperature above 0, got 0. Use 0.07."`,
    );
    expect(await message({ testFeatures: set([1], [0]) })).toMatchInlineSnapshot(
      `"knn testFeatures: expected 2 features and 2 classes as in trainFeatures, got 1 features and 2 classes. Use the same encoder and class list for both."`,
    );
  });
});
