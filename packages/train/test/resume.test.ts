import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TrainOptions, train } from "@graticule/train";
import { describe, expect, it } from "vitest";
import { watchStopSignals } from "../src/stop-request.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun } from "./fixtures/tiny-run.js";

async function filesOf(checkpoint: string): Promise<Buffer[]> {
  return Promise.all(["model.safetensors", "optimizer.safetensors"].map((name) => readFile(join(checkpoint, name))));
}

/** A run that asks itself to stop during the steps in `stopAt`, one after the other. */
async function trainWithStops(runFolder: string, overrides: Partial<TrainOptions>, stopAt: readonly number[]) {
  for (const stop of [...stopAt, undefined]) {
    const options = await makeTinyRun({ runFolder, corrupt: [3, 11] }, { ...overrides, resume: true });
    const result = await train({
      ...options,
      loss: (batch, context) => {
        if (context.step === stop) process.emit("SIGINT", "SIGINT");
        return options.loss(batch, context);
      },
    });
    expect(result).toMatchObject(stop === undefined ? { stopped: false } : { step: stop + 1, stopped: true });
    if (stop === undefined) return result;
  }
  throw new Error("unreachable");
}

describe("resume", () => {
  it("gives the bytes of the uninterrupted run, also from the middle of an epoch and of several epochs a step", async () => {
    for (const gradAccumSteps of [1, 3, 10]) {
      const overrides = { gradAccumSteps, clipNorm: 0.5, keepCheckpoints: 2 };
      const straight = await trainWithStops(await makeTemporaryFolder(), overrides, []);
      const resumed = await trainWithStops(await makeTemporaryFolder(), overrides, [0, 4, 5, 12]);
      expect(await filesOf(resumed.checkpoint)).toEqual(await filesOf(straight.checkpoint));
      const { checkpoint, loaderWaitShare } = resumed;
      expect(resumed).toEqual({ ...straight, checkpoint, loaderWaitShare });
    }
  });

  it("does nothing when the run is already complete", async () => {
    const runFolder = await makeTemporaryFolder();
    const first = await trainWithStops(runFolder, {}, []);
    const again = await trainWithStops(runFolder, {}, []);
    expect(again).toEqual({ ...first, loss: undefined, loaderWaitShare: 0 });
  });

  it("keeps one metrics line for each step", async () => {
    const runFolder = await makeTemporaryFolder();
    await trainWithStops(runFolder, {}, [3, 8]);
    const lines = (await readFile(join(runFolder, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it("refuses another configuration, seed or channels, before it changes anything", async () => {
    const runFolder = await makeTemporaryFolder();
    await train(await makeTinyRun({ runFolder }, { totalSteps: 2 }));
    const resume = async (overrides: Partial<TrainOptions>) =>
      train(await makeTinyRun({ runFolder }, { resume: true, totalSteps: 3, ...overrides }));
    const wider = { model: { width: 32 }, train: { steps: 20 } };
    await expect(resume({ config: wider })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: config model.width: expected 16 as in the checkpoint, got 32. Resume with the configuration of the run, or start a new run folder.]`,
    );
    await expect(
      resume({ config: { ...wider, extra: [1] }, configMayChange: ["model.*"] }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: config extra.0: expected nothing as in the checkpoint, got 1. Resume with the configuration of the run, or start a new run folder.]`,
    );
    await expect(resume({ seed: 43 })).rejects.toThrow(/seed 42 as the run began, got 43/);
    const { loader } = await makeTinyRun({ runFolder });
    const schema = loader.schema.map((channel) => ({ ...channel, unit: "kelvin" }));
    await expect(resume({ loader: { ...loader, schema } })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: assertSameSchema: expected unit reflectance for channel 0 ('red'), got kelvin. Use the schema that is stored with the checkpoint, and the same bands in the same order.]`,
    );
    await expect(resume({ config: wider, configMayChange: ["model.*"] })).resolves.toMatchObject({ step: 3 });
  });

  it("refuses to start a new run over the checkpoints of another", async () => {
    const runFolder = await makeTemporaryFolder();
    await train(await makeTinyRun({ runFolder }, { totalSteps: 2 }));
    const again = train(await makeTinyRun({ runFolder }, { totalSteps: 2 }));
    await expect(
      again.catch((error) => Promise.reject(Error(error.message.replace(runFolder, "RUN")))),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: run folder RUN: expected no checkpoints for a new run, got one of step 2. Resume that run, or choose another folder.]`,
    );
  });

  it("gives signals back after the first one, so that a second has its default effect, and after the run", async () => {
    const listeners = () => ["SIGTERM", "SIGINT"].map((signal) => process.listenerCount(signal));
    const before = listeners();
    const stop = watchStopSignals();
    expect(listeners()).toEqual(before.map((count) => count + 1));
    process.emit("SIGTERM", "SIGTERM");
    expect(stop.signal).toBe("SIGTERM");
    expect(listeners()).toEqual(before);
    await train(await makeTinyRun({ runFolder: await makeTemporaryFolder() }, { totalSteps: 1 }));
    expect(listeners()).toEqual(before);
  });
});
