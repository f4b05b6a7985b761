import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { findLatestCheckpoint, type TrainOptions, train } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun } from "./fixtures/tiny-run.js";

/** Trains with a loss that is not finite in some steps, counted from 1. */
async function trainWith(isBad: (step: number) => boolean, overrides: Partial<TrainOptions>) {
  const lines: string[] = [];
  const runFolder = await makeTemporaryFolder();
  const options = await makeTinyRun({ runFolder });
  const applied: number[] = [];
  const rates: number[] = [];
  const result = await train({
    ...options,
    totalSteps: 6,
    loss: (batch, context) =>
      tf.mul(options.loss(batch, context), isBad(context.step + 1) ? Number.NaN : 1) as tf.Scalar,
    learningRate: (step) => {
      rates.push(step);
      return 0.01;
    },
    optimizer: {
      ...options.optimizer,
      step() {
        applied.push(rates.at(-1) as number);
        options.optimizer.step();
      },
    },
    logger: makeLogger((line) => lines.push(line)),
    ...overrides,
  });
  return { result, lines, applied, runFolder };
}

it("skips a step that is not finite: weights, moments and their updates stay, the step counts", async () => {
  const { result, lines, applied, runFolder } = await trainWith((step) => step === 2 || step === 4, {
    onNonFinite: "skip",
  });
  expect(applied).toEqual([0, 2, 4, 5]);
  expect(result).toMatchObject({ step: 6, samplesSeen: 30 });
  expect(result.loss).toBeGreaterThan(0);
  const { optimizerUpdates } = (await findLatestCheckpoint(runFolder))!.state;
  expect(new Set(Object.values(optimizerUpdates))).toEqual(new Set([4]));
  expect(lines.filter((line) => line.includes("skipped"))).toEqual([
    "warn: step 2: skipped, got loss NaN and a gradient of fc1.weight that is not finite",
    "warn: step 4: skipped, got loss NaN and a gradient of fc1.weight that is not finite",
  ]);
  const metrics = (await readFile(join(runFolder, "metrics.jsonl"), "utf8")).trim().split("\n");
  expect(metrics.map((line) => JSON.parse(line).skipped === true)).toEqual([false, true, false, true, false, false]);
});

it("ends a run that skips too many steps in a row", async () => {
  await expect(
    trainWith((step) => step > 1, { onNonFinite: "skip", totalSteps: 40 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[NonFiniteError: step 12: expected a finite loss and gradients, got loss NaN and a gradient of fc1.weight that is not finite. 10 steps before it were skipped: lower the learning rate, then resume from an earlier checkpoint.]`,
  );
  const { result } = await trainWith((step) => step % 11 !== 0, { onNonFinite: "skip", totalSteps: 22 });
  expect(result.step).toBe(22);
});
