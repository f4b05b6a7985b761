import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { printConfig } from "@graticule/config";
import { mpiBuilds } from "@graticule/mpi";
import { listCheckpoints, openBackend, openSafetensors, readMetrics } from "@graticule/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  chooseStarts,
  openForecastRun,
  prepare,
  prepareConfig,
  trainConfig,
  trainForecaster,
  writeForecasts,
} from "../src/index.js";
import { readTrainConfig } from "../src/training/train-forecaster.js";
import { writeWave } from "./write-wave.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "graticule-forecast-ranks-"));
const runFolder = (name: string): string => join(folder, name);
const settings = join(folder, "run.yaml");

const hasMpi = mpiBuilds().some(({ launcher }) => launcher !== null);
const hasTorch = await openBackend({ name: "torch", device: "cpu", precision: "fp32", threads: 1 }).then(
  () => true,
  () => false,
);
const reason = hasMpi && hasTorch ? "" : ` (skipped: no ${hasMpi ? "LibTorch" : "MPI with its addon"})`;

/** Runs the command line; what it has printed. */
async function run(...args: string[]): Promise<string> {
  const node = ["--conditions=@graticule/source", "--import", "tsx", main];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...node, ...args]);
  return stdout + stderr;
}

/** Losses of training and validation. */
async function losses(name: string): Promise<number[]> {
  const { steps, evaluations } = await readMetrics(runFolder(name));
  return [...steps, ...evaluations.map(({ evaluation }) => evaluation)].map(({ loss }) => loss as number);
}

async function gradientNorms(name: string): Promise<number[]> {
  return (await readMetrics(runFolder(name))).steps.map(({ gradNorm }) => gradNorm);
}

async function weights(path: string): Promise<Map<string, number[]>> {
  const file = await openSafetensors(path);
  const values = new Map<string, number[]>();
  for (const name of file.tensors.keys()) values.set(name, [...((await file.read(name)) as Float32Array)]);
  await file.close();
  return values;
}

/** Largest difference, relative to the largest value. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  return expected.reduce((most, value, at) => Math.max(most, Math.abs((actual[at] as number) - value)), 0) / largest;
}

/** That a run has losses, gradient norms and best weights of the one on one rank. */
async function expectAsOne(name: string): Promise<void> {
  expect(relativeError(await losses(name), await losses("one"))).toBeLessThan(1e-5);
  expect(relativeError(await gradientNorms(name), await gradientNorms("one"))).toBeLessThan(1e-5);
  const [own, one] = [
    await weights(join(runFolder(name), "best.safetensors")),
    await weights(join(runFolder("one"), "best.safetensors")),
  ];
  for (const [path, values] of one) expect(relativeError(own.get(path) ?? [], values), path).toBeLessThan(1e-5);
}

const config = trainConfig.parse({
  backend: { name: "torch", threads: 1 },
  store: join(folder, "store"),
  data: { historyHours: [6], leadTimeHours: [6, 12], features: ["timeOfDay"], targetChannels: ["z850", "msl"] },
  model: {
    patchSize: 2,
    embedDim: 16,
    depth: 1,
    numHeads: 2,
    tree: "tree0",
    groups: 2,
    reducer: "linear",
    networks: 2,
    dropRate: 0.1,
    dropPathRate: 0.1,
  },
  augment: { turn: true, inputNoise: 0.01 },
  // AdamW makes whole steps of gradients that are zero but for rounding, unless epsilon is large.
  optimizer: { learningRate: 3e-2, epsilon: 1e-3, clipNorm: 1 },
  loader: { numWorkers: 0 },
  train: { epochs: 1, microBatchSize: 8, checkpointEverySteps: 3, keepCheckpoints: 9, logEverySteps: 1 },
});

describe.skipIf(reason !== "")(`a forecaster on several ranks${reason}`, () => {
  beforeAll(async () => {
    await writeWave(join(folder, "wave.nc"), 120);
    const splits = {
      train: ["2020-01-01", "2020-01-16"],
      val: ["2020-01-16", "2020-01-24"],
      test: ["2020-01-24", "2020-01-31"],
    };
    await prepare(
      config.store,
      prepareConfig.parse({ sources: [join(folder, "wave.nc")], channels: ["z500", "z850", "msl"], splits }),
    );
    writeFileSync(settings, printConfig(config));
    await trainForecaster(runFolder("one"), config);
  }, 600_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  test("in shards is that on one, which goes on from a checkpoint of two; its export has the weights", async () => {
    const sharded = ["--ranks", "2", "parallel.sharding=FULL_SHARD", "train.recompute=networks.*.blocks.*"];
    const text = await run("train", "--config", settings, ...sharded, "--out", runFolder("shards"));
    expect(text).toContain("2 ranks, dp 1 × fsdp 2 × tp 1 (FULL_SHARD), of ");
    await expectAsOne("shards");
    expect(await run("verify", runFolder("shards"))).toMatch(
      /step-00000006: valid, of step 6\nfile .*\nmodel-00001-of-00002.safetensors .* ok\n/,
    );
    const [newest] = await listCheckpoints(runFolder("shards"));
    rmSync(newest?.path as string, { recursive: true });
    await trainForecaster(runFolder("shards"), await readTrainConfig(runFolder("shards")), { resume: true });
    await expectAsOne("shards");
    const step3 = join("checkpoints", "step-00000003");
    await run("export", join(runFolder("shards"), step3), "--out", join(folder, "whole.safetensors"));
    const [whole, one] = [
      await weights(join(folder, "whole.safetensors")),
      await weights(join(runFolder("one"), step3, "model.safetensors")),
    ];
    expect([...whole.keys()].sort()).toEqual([...one.keys()].sort());
    for (const [path, values] of one) expect(relativeError(whole.get(path) ?? [], values)).toBeLessThan(1e-5);
  }, 600_000);

  test("with groups of channels and layers divided is that on one", async () => {
    const divided = ["--ranks", "2", "parallel.tp=2", "parallel.dchag=true", "parallel.sequence=true"];
    const text = await run("train", "--config", settings, ...divided, "--out", runFolder("groups"));
    expect(text).toContain("rank 0 has 4 of 8 channels, others their own\n");
    await expectAsOne("groups");
  }, 600_000);

  test("forecasts and is scored with the same bytes as on one", async () => {
    const closed = runFolder("closed"); // predicts all that it reads, so that it can go on from its own forecasts
    await trainForecaster(closed, trainConfig.parse({ ...config, data: { leadTimeHours: [6, 12] } }));
    const out = (name: string): string => join(folder, name);
    const model = await openForecastRun(closed);
    const starts = await chooseStarts(config.store, { from: "2020-01-24", to: "2020-01-25T12:00", everyHours: 12 });
    await writeForecasts(out("direct.nc"), model, starts, { leadTimesHours: [6, 12] });
    await writeForecasts(out("steps.nc"), model, starts, { steps: 2, stepHours: 6 });
    await model.close();
    const ensemble = ["--members", "2", "--input-noise", "0.1", "--block-hours", "24", "--region", "global"];
    await run("score", closed, ...ensemble, "--out", out("scores"));

    const period = ["--from", "2020-01-24", "--to", "2020-01-25T12:00", "--every", "12", "--ranks", "2"];
    await run("rollout", closed, ...period, "--out", out("direct-2.nc"));
    await run("rollout", closed, ...period, "--steps", "2", "--out", out("steps-2.nc"));
    await run("score", closed, ...ensemble, "--ranks", "2", "--out", out("scores-2"));
    const same = (one: string, two: string): boolean => readFileSync(out(one)).equals(readFileSync(out(two)));
    expect(same("direct.nc", "direct-2.nc")).toBe(true);
    expect(same("steps.nc", "steps-2.nc")).toBe(true);
    expect(same(join("scores", "scores.json"), join("scores-2", "scores.json"))).toBe(true);
    const file = run("score", out("direct.nc"), "--store", config.store, "--ranks", "2");
    await expect(file).rejects.toThrow("--ranks: expected a run folder, whose forecasts ranks make, got the file");
  }, 600_000);

  test("is refused before it starts where the ranks can't share it", async () => {
    const failed = async (...args: string[]) =>
      (await run("train", "--config", settings, ...args).catch((error: { stderr: string }) => error.stderr)) as string;
    expect(await failed("--ranks", "6", "parallel.tp=4")).toBe(
      "error: parallel: expected dp × fsdp × tp to make 6 ranks, got dp 1 × fsdp 1 × tp 4 = 4. Choose parallel.tp and parallel.shardSize whose product divides the ranks, or other --ranks.\n",
    );
    expect(await failed("--ranks", "2", "parallel.tp=2", "parallel.dchag=true", "model.tree=flat")).toContain(
      "parallel.dchag: expected a model with groups of channels, as many as parallel.tp 2 or a multiple, got a model flat.",
    );
  }, 600_000);
});
