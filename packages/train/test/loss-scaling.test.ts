import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { makeLossScaler } from "@graticule/optim";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { findLatestCheckpoint, openBackend, openSafetensors, type TrainOptions, train } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun } from "./fixtures/tiny-run.js";

/** Passes a number on whose gradient is stored in fp16: none below its least number, infinite beyond its largest. */
const inHalf = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy) => {
    const size = tf.abs(dy);
    const kept = tf.mul(dy, tf.cast(tf.greater(size, 2 ** -25), "float32"));
    return tf.where(tf.greater(size, 65504), tf.fill(dy.shape, Number.POSITIVE_INFINITY), kept);
  },
}));

async function trainScaled(overrides: Partial<TrainOptions>, factor: number, runFolder?: string) {
  const folder = runFolder ?? (await makeTemporaryFolder());
  const options = await makeTinyRun({ runFolder: folder });
  const lines: string[] = [];
  const result = await train({
    ...options,
    totalSteps: 8,
    loss: (batch, context) => tf.mul(inHalf(options.loss(batch, context)), factor) as tf.Scalar,
    logger: makeLogger((line) => lines.push(line)),
    ...overrides,
  });
  const checkpoint = await findLatestCheckpoint(folder);
  const file = await openSafetensors(join(checkpoint?.path as string, "model.safetensors"));
  const weights = await file.read("fc1.weight");
  await file.close();
  const metrics = (await readFile(join(folder, "metrics.jsonl"), "utf8")).trim().split("\n");
  return { result, lines, weights, state: checkpoint?.state, steps: metrics.map((line) => JSON.parse(line)), folder };
}

it("skips steps that overflow and halves the scale, whose losses and norms are as without it", async () => {
  const plain = await trainScaled({}, 1);
  const lossScaler = makeLossScaler({ initialScale: 2 ** 18, growthInterval: 4 });
  const scaled = await trainScaled({ lossScaler }, 1);
  // 2¹⁸ and 2¹⁷ and 2¹⁶ are beyond 65,504; 2¹⁵ is not, until it grows after four good steps.
  expect(scaled.steps.map((line) => (line.skipped ? "skipped" : line.lossScale))).toEqual([
    ...["skipped", "skipped", "skipped", 2 ** 15, 2 ** 15, 2 ** 15, 2 ** 15, "skipped"],
  ]);
  expect(scaled.lines[0]).toMatch(/step 1: skipped, got loss .* not finite; losses are scaled by 131072 from here$/);
  expect(scaled.state?.lossScale).toEqual({ scale: 2 ** 15, goodSteps: 0 });
  expect(plain.state?.lossScale).toBeUndefined();
  expect(new Set(Object.values(scaled.state?.optimizerUpdates ?? {}))).toEqual(new Set([4]));
  expect(scaled.steps[3].loss).toBeLessThan(1);
});

it("keeps gradients that would vanish", async () => {
  const normsOf = ({ steps }: { steps: readonly { gradNorm: number }[] }) => steps.map(({ gradNorm }) => gradNorm);
  const plain = normsOf(await trainScaled({}, 1));
  expect(normsOf(await trainScaled({}, 2 ** -30))).toEqual(plain.map(() => 0));
  const kept = normsOf(await trainScaled({ lossScaler: makeLossScaler({ initialScale: 2 ** 30 }) }, 2 ** -30));
  expect(kept[0]! * 2 ** 30).toBeCloseTo(plain[0] as number, 6);
  expect(kept.every((norm) => norm > 0)).toBe(true);
});

it("goes on from a checkpoint to the same bytes", async () => {
  const scaler = () => makeLossScaler({ initialScale: 2 ** 17, growthInterval: 3 });
  const whole = await trainScaled({ lossScaler: scaler(), totalSteps: 10 }, 1);
  const first = await trainScaled({ lossScaler: scaler(), totalSteps: 6 }, 1);
  const resumed = await trainScaled({ lossScaler: scaler(), totalSteps: 10, resume: true }, 1, first.folder);
  expect(resumed.weights).toEqual(whole.weights);
  expect(resumed.state?.lossScale).toEqual(whole.state?.lossScale);
});

it("ends a run whose loss is not finite at the least scale", async () => {
  const lossScaler = makeLossScaler({ initialScale: 4 });
  await expect(trainScaled({ lossScaler }, Number.NaN)).rejects.toThrow(/step 3: expected a finite loss/);
});

const torch = isAddonBuilt() ? "" : " (skipped: its addon is not built)";
it.skipIf(!isAddonBuilt())(`stores what lies between layers in fp16 on LibTorch${torch}`, async () => {
  const gradientsOf = async (scale: number): Promise<number[]> => {
    const { model, loader, loss } = await makeTinyRun({ runFolder: await makeTemporaryFolder() });
    await openBackend({ name: "torch", device: "cpu", precision: "fp16", threads: 1 });
    for (const [, parameter] of model.namedParameters()) parameter.variable;
    for await (const batch of loader.epoch(0)) {
      const { grads } = tf.variableGrads(() =>
        tf.mul<tf.Scalar>(loss(batch, { step: 0, epoch: 0, random: () => ({ float: () => 1 }) as never }), scale),
      );
      return Object.values(grads).map((gradient) => tf.max(tf.abs(gradient)).dataSync()[0] as number);
    }
    return [];
  };
  const whole = await gradientsOf(1);
  const tiny = await gradientsOf(2 ** -40);
  const [first] = whole as [number];
  expect(first).toBeGreaterThan(1e-3);
  expect(tiny[0]).toBe(0); // The first layer's gradient comes through fp16.
  await openBackend({ name: "torch", device: "cpu", precision: "fp32", threads: 1 });
});
