import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { holdOut } from "../src/hold-out.js";
import { applyLinearClassifier, applyStandardizer, fitStandardizer, linearProbe } from "../src/index.js";
import { applyLars, probeLearningRate } from "../src/lars-probe.js";
import { makeClusters } from "./clusters.js";
import { useCpuBackend } from "./cpu-backend.js";

useCpuBackend();
const trainFeatures = makeClusters("train", 120, 6, 4, 0.7);
const testFeatures = makeClusters("test", 80, 6, 4, 0.7);
const bootstrap = { resamples: 100 };

describe("fitStandardizer", () => {
  it("uses the biased variance and epsilon 1e-6 of the train set", () => {
    const standardizer = fitStandardizer(Float32Array.of(1, 5, 3, 5), 2); // features (1, 3) and (5, 5)
    expect([...standardizer.mean]).toEqual([2, 5]);
    expect(standardizer.scale[0]).toBeCloseTo(1 / Math.sqrt(1 + 1e-6), 7);
    expect(standardizer.scale[1]).toBeCloseTo(1000, 3);
    expect([...applyStandardizer(standardizer, Float32Array.of(2, 5))]).toEqual([0, 0]);
  });
});

describe("holdOut", () => {
  it("takes the share of each class, keeps singletons, and depends on the seed only", () => {
    const labels = Int32Array.from([...Array(10).fill(0), ...Array(5).fill(1), 2]);
    const { kept, heldOut } = holdOut(labels, 3, 0.2, 1);
    const count = (items: Int32Array, label: number) => items.filter((item) => labels[item] === label).length;
    expect([0, 1, 2].map((label) => count(heldOut, label))).toEqual([2, 1, 0]);
    expect([0, 1, 2].map((label) => count(kept, label))).toEqual([8, 4, 1]);
    expect([...kept, ...heldOut].sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
    expect(holdOut(labels, 3, 0.2, 1)).toEqual({ kept, heldOut });
    expect(holdOut(labels, 3, 0.2, 2)).not.toEqual({ kept, heldOut });
  });
});

describe("linearProbe with lbfgs", () => {
  it("classifies clusters, at an optimum of the penalized loss on all train items", async () => {
    const before = tf.memory().numTensors;
    const result = await linearProbe({ trainFeatures, testFeatures, method: "lbfgs", seed: 1, bootstrap });
    expect(tf.memory().numTensors).toBe(before);
    expect(result.metrics.top1).toBeGreaterThan(0.85);
    expect(result.trainTop1).toBeGreaterThan(0.85);
    const [low, high] = result.metrics.intervals.top1;
    expect(low).toBeLessThanOrEqual(result.metrics.top1);
    expect(high).toBeGreaterThanOrEqual(result.metrics.top1);

    // First-order condition, computed apart in float64: mean (p − y) xᵀ + l2·W = 0 to within the 1e-5 tolerance and float32 weights.
    const { weight, bias, standardizer } = result.classifier;
    const inputs = applyStandardizer(standardizer, trainFeatures.values);
    const gradient = Float64Array.from(weight, (value) => value * (result.l2 as number));
    for (let item = 0; item < 120; item++) {
      const logits = Array.from(bias, (b, k) =>
        weight
          .subarray(6 * k, 6 * k + 6)
          .reduce((sum, value, feature) => sum + value * (inputs[6 * item + feature] as number), b),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      logits.forEach((logit, k) => {
        const residual = Math.exp(logit) / total - (k === trainFeatures.labels[item] ? 1 : 0);
        for (let feature = 0; feature < 6; feature++)
          gradient[6 * k + feature]! += (residual * (inputs[6 * item + feature] as number)) / 120;
      });
    }
    for (const entry of gradient) expect(Math.abs(entry)).toBeLessThan(2e-5);
  });

  it("repeats itself bit for bit, and its stored classifier gives the same logits", async () => {
    const options = { trainFeatures, testFeatures, method: "lbfgs", seed: 2, bootstrap } as const;
    const first = await linearProbe(options);
    expect(await linearProbe(options)).toEqual(first);
    expect(await applyLinearClassifier(first.classifier, testFeatures.values)).toEqual(first.logits);
  });

  it("chooses a strong penalty where few items of many features overlap, and a weak one where classes stand apart", async () => {
    const overlapping = makeClusters("overlapping", 120, 40, 2, 4);
    const bound = await linearProbe({
      trainFeatures: overlapping,
      testFeatures: overlapping,
      method: "lbfgs",
      seed: 1,
      bootstrap,
      lbfgs: { l2Grid: [1e-5, 0.3] },
    });
    expect(bound.l2).toBe(0.3);
    const apart = makeClusters("apart", 80, 6, 4, 0.05);
    const free = await linearProbe({
      trainFeatures: apart,
      testFeatures: apart,
      method: "lbfgs",
      seed: 1,
      bootstrap,
      lbfgs: { l2Grid: [10, 1e-5] },
    });
    expect(free.l2).toBe(1e-5);
    expect(free.metrics.top1).toBe(1);
  });
});

describe("linearProbe with sgd", () => {
  it("warms up to lr = blr·batch/256 and falls along a cosine to 0", () => {
    expect([0, 5, 10, 50, 90].map((epoch) => probeLearningRate(epoch, 6.4, 90, 10))).toEqual([
      0,
      3.2,
      6.4,
      expect.closeTo(3.2, 12),
      0,
    ]);
  });

  it("takes LARS steps worked by hand", () => {
    const values = Float64Array.of(3, 4); // norm 5
    const velocity = new Float64Array(2);
    applyLars(values, Float64Array.of(0, 2), velocity, 10, true); // trust 0.001·5/2 = 0.0025
    expect(velocity[1]).toBeCloseTo(0.005, 12);
    expect(values[1]).toBeCloseTo(3.95, 12);
    applyLars(values, Float64Array.of(0, 0), velocity, 10, true); // momentum only
    expect(values[1]).toBeCloseTo(3.95 - 10 * 0.0045, 12);
    applyLars(values, Float64Array.of(1, 0), new Float64Array(2), 10, false); // no trust for biases
    expect(values[0]).toBe(-7);
  });

  it("classifies a set smaller than the recipe's batch with the recipe's own numbers", async () => {
    const result = await linearProbe({ trainFeatures, testFeatures, method: "sgd", seed: 1, bootstrap });
    expect(result.metrics.top1).toBeGreaterThan(0.85);
  });

  it("classifies clusters in small batches, and repeats itself bit for bit", async () => {
    const options = {
      trainFeatures,
      testFeatures,
      method: "sgd",
      seed: 1,
      bootstrap,
      sgd: { batchSize: 32, baseLearningRate: 50, epochs: 60, warmupEpochs: 3 },
    } as const;
    const first = await linearProbe(options);
    expect(first.metrics.top1).toBeGreaterThan(0.8);
    expect(first.l2).toBeUndefined();
    expect((await linearProbe(options)).classifier).toEqual(first.classifier);
  });
});

describe("linearProbe's errors", () => {
  const set = (values: readonly number[], labels: readonly number[], numClasses = 2) => ({
    values: Float32Array.from(values),
    labels: Int32Array.from(labels),
    numClasses,
  });
  const good = set([0, 1, 2, 3], [0, 1]);
  const message = (train: typeof good, test: typeof good, more: object = {}) =>
    linearProbe({ trainFeatures: train, testFeatures: test, method: "lbfgs", seed: 0, ...more }).then(
      String,
      (error: Error) => error.message,
    );

  it("name the set, the item and what to do", async () => {
    expect(await message(set([], []), good)).toMatchInlineSnapshot(
      `"linearProbe trainFeatures: expected at least one item, got 0 labels. Give features of some images."`,
    );
    expect(await message(set([1, 2, 3], [0, 1]), good)).toMatchInlineSnapshot(
      `"linearProbe trainFeatures: expected values [2, D] for 2 labels, got 3 values. Give one row of features for each label."`,
    );
    expect(await message(good, set([1, 2], [2]))).toMatchInlineSnapshot(
      `"linearProbe testFeatures: expected labels from 0 to 1, got 2 for item 0. Leave out unlabelled items."`,
    );
    expect(await message(good, set([1, 2, 3], [0]))).toMatchInlineSnapshot(
      `"linearProbe testFeatures: expected 2 features and 2 classes as in trainFeatures, got 3 features and 2 classes. Use the same encoder and class list for both."`,
    );
    expect(await message(set([1, 2, Number.NaN, 3], [0, 1]), good)).toMatchInlineSnapshot(
      `"linearProbe trainFeatures: expected finite features, got NaN in item 1, feature 0. Look for a diverged encoder or nodata pixels."`,
    );
    expect(await message(good, good, { lbfgs: { l2Grid: [-1] } })).toMatchInlineSnapshot(
      `"linearProbe lbfgs: expected penalties of 0 or more and 0 < validationFraction < 1, got l2Grid [-1] and validationFraction 0.2."`,
    );
    expect(await message(good, good, { method: "sgd", sgd: { epochs: 5 } })).toMatchInlineSnapshot(
      `"linearProbe sgd: expected batchSize of 1 or more and 0 <= warmupEpochs < epochs, got batchSize 16384, warmupEpochs 10, epochs 5. Lower warmupEpochs for a short run."`,
    );
    const classifier = {
      standardizer: fitStandardizer(good.values, 2),
      weight: new Float32Array(4),
      bias: new Float32Array(2),
    };
    const wrongRows = applyLinearClassifier(classifier, new Float32Array(3));
    await expect(wrongRows).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: applyLinearClassifier: expected values [N, 2], got 3 values. Use features of the encoder that the classifier was fitted on.]`,
    );
  });
});
