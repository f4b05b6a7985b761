import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { findLatestCheckpoint, openSafetensors, type TrainOptions, train } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun, type TinyRunOptions, tinyLoss } from "./fixtures/tiny-run.js";

type Line = { step: number; epoch: number; loss: number; lr: number; gradNorm: number; evaluation?: object };

async function metricsOf(runFolder: string): Promise<Line[]> {
  const text = await readFile(join(runFolder, "metrics.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

async function weightsOf(checkpoint: string): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(join(checkpoint, "model.safetensors"));
  const weights = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) weights.set(name, await file.read(name));
  await file.close();
  return weights;
}

async function run(overrides: Partial<TrainOptions> = {}, data: Omit<TinyRunOptions, "runFolder"> = {}) {
  const runFolder = await makeTemporaryFolder();
  const result = await train(await makeTinyRun({ runFolder, ...data }, overrides));
  return { runFolder, ...result, weights: await weightsOf(result.checkpoint), metrics: await metricsOf(runFolder) };
}

describe("train", () => {
  it("learns: 400 steps halve the loss, with tensors and bytes flat", async () => {
    const counts: { numTensors: number; numBytes: number }[] = [];
    const options = await makeTinyRun({ runFolder: await makeTemporaryFolder() });
    await train({
      ...options,
      totalSteps: 400,
      saveEverySteps: 100,
      gradAccumSteps: 2,
      clipNorm: 1,
      learningRate: (step) => {
        const { numTensors, numBytes } = tf.memory();
        counts[step] = { numTensors, numBytes };
        return 0.01;
      },
    });
    const metrics = await metricsOf(options.runFolder);
    const mean = (lines: Line[]): number => lines.reduce((sum, { loss }) => sum + loss, 0) / lines.length;
    expect(mean(metrics.slice(-50))).toBeLessThan(mean(metrics.slice(0, 20)) / 2);
    // The optimizer's moments come with the first step; from then on nothing is added.
    expect(new Set(counts.slice(1).map((count) => JSON.stringify(count))).size).toBe(1);
  });

  it("gives the same weights for three micro-steps of 5 as for one batch of 15", async () => {
    const whole = await run({ totalSteps: 8, clipNorm: 0.3 }, { batchSize: 15, length: 30 });
    const parts = await run({ totalSteps: 8, clipNorm: 0.3, gradAccumSteps: 3 }, { batchSize: 5, length: 30 });
    expect(parts.samplesSeen).toBe(whole.samplesSeen);
    // Sums in another order: float32 rounding (6e-8), raised by AdamW's division where a gradient is near zero.
    for (const [name, weight] of whole.weights)
      for (const [index, value] of weight.entries())
        expect(Math.abs(parts.weights.get(name)![index]! - value)).toBeLessThan(2e-5);
    for (const [index, line] of whole.metrics.entries()) {
      expect(parts.metrics[index]!.loss).toBeCloseTo(line.loss, 5);
      expect(parts.metrics[index]!.gradNorm).toBeCloseTo(line.gradNorm, 5);
    }
  });

  it("scales gradients so that their norm is clipNorm, and logs the norm before", async () => {
    const options = await makeTinyRun({ runFolder: await makeTemporaryFolder() });
    const squares: number[] = [];
    let appliedSquares = 0;
    const optimizer: TrainOptions["optimizer"] = {
      ...options.optimizer,
      apply(path, gradient, learningRate, gradScale = 1) {
        for (const value of gradient.dataSync()) appliedSquares += (value * gradScale) ** 2;
        options.optimizer.apply(path, gradient, learningRate, gradScale);
      },
      step() {
        squares.push(appliedSquares);
        appliedSquares = 0;
        options.optimizer.step();
      },
    };
    await train({ ...options, optimizer, clipNorm: 0.25, gradAccumSteps: 2, totalSteps: 6 });
    for (const [index, { gradNorm }] of (await metricsOf(options.runFolder)).entries()) {
      expect(gradNorm).toBeGreaterThan(0.25);
      expect(Math.sqrt(squares[index]!)).toBeCloseTo(0.25, 5);
    }
  });

  it("takes the learning rate of each step from the schedule, and evaluates when due and at the end", async () => {
    const evaluated: number[] = [];
    const { metrics } = await run({
      totalSteps: 7,
      learningRate: (step) => 0.001 * (step + 1),
      evaluate: {
        everySteps: 3,
        run: async (step) => {
          evaluated.push(step);
          return { accuracy: step / 10 };
        },
      },
    });
    expect(evaluated).toEqual([3, 6, 7]);
    const steps = metrics.filter((line) => !line.evaluation);
    expect(steps.map((line) => line.lr)).toEqual([1, 2, 3, 4, 5, 6, 7].map((step) => 0.001 * step));
    expect(metrics.filter((line) => line.evaluation)).toEqual([
      { step: 3, evaluation: { accuracy: 0.3 } },
      { step: 6, evaluation: { accuracy: 0.6 } },
      { step: 7, evaluation: { accuracy: 0.7 } },
    ]);
  });

  it("stops at a gradient that is not finite, names it, and leaves weights and checkpoints", async () => {
    const options = await makeTinyRun({ runFolder: await makeTemporaryFolder() });
    const fine = tinyLoss(options.model);
    const before = tf.memory().numTensors;
    const failing = train({
      ...options,
      loss: (batch, context) => {
        const loss = fine(batch, context);
        if (context.step < 7) return loss;
        // d sqrt(0·w)/dw = ∞ · 0
        const spoiled = tf.sum(tf.sqrt(tf.mul(options.model.fc2.weight.variable, 0)));
        return tf.add(loss, spoiled) as tf.Scalar;
      },
    });
    await expect(failing).rejects.toThrowErrorMatchingInlineSnapshot(
      `[NonFiniteError: step 8: expected a finite loss and gradients, got loss 0.8554745316505432 and a gradient of fc2.weight that is not finite. Lower the learning rate or clip the gradients, look for infinite pixels, then resume from the last checkpoint.]`,
    );
    await expect(failing).rejects.toMatchObject({ code: "GRATICULE_NON_FINITE", step: 8 });
    expect((await findLatestCheckpoint(options.runFolder))?.state.step).toBe(5);
    for (const [, { variable }] of options.model.namedParameters())
      expect(variable.dataSync().every(Number.isFinite)).toBe(true);
    expect(tf.memory().numTensors).toBe(before + 2 * options.model.namedParameters().length);
  });

  it("stops at a loss that is not finite", async () => {
    await expect(run({ loss: () => tf.scalar(Number.NaN) })).rejects.toThrow(/depend/);
    const options = await makeTinyRun({ runFolder: await makeTemporaryFolder() });
    const fine = tinyLoss(options.model);
    const failing = train({
      ...options,
      loss: (batch, context) => tf.add(fine(batch, context), Number.POSITIVE_INFINITY) as tf.Scalar,
    });
    await expect(failing).rejects.toThrowErrorMatchingInlineSnapshot(
      `[NonFiniteError: step 1: expected a finite loss and gradients, got loss Infinity and finite gradients. Lower the learning rate or clip the gradients, look for infinite pixels, then resume from the last checkpoint.]`,
    );
  });

  it("names skipped samples and parameters without a gradient", async () => {
    const lines: string[] = [];
    const options = await makeTinyRun({ runFolder: await makeTemporaryFolder(), corrupt: [3, 4] });
    const { fc2 } = options.model;
    await train({
      ...options,
      logger: makeLogger((line) => lines.push(line), "warn"),
      totalSteps: 7,
      loss: (batch) => tf.mean(tf.square(tf.add(fc2.weight.variable, batch.shape[0]))),
    });
    expect(lines.sort()).toMatchInlineSnapshot(`
      [
        "warn: no gradient for fc1.weight, fc1.bias, fc2.bias",
        "warn: skipping a sample: sample-3: expected pixels, got none.",
        "warn: skipping a sample: sample-4: expected pixels, got none.",
      ]
    `);
  });

  it("fails when no sample of an epoch can be read", async () => {
    const corrupt = Array.from({ length: 35 }, (_, index) => index);
    await expect(run({}, { corrupt })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[GraticuleError: epoch 0: expected at least one readable batch of 7, got none. Every sample was skipped as corrupt; check the files of the dataset.]`,
    );
  });

  it.each([{ gradAccumSteps: 0 }, { totalSteps: 1.5 }, { clipNorm: 0 }, { keepCheckpoints: 0 }])(
    "refuses %o",
    async (overrides) => {
      await expect(run(overrides)).rejects.toThrowErrorMatchingSnapshot();
    },
  );
});
