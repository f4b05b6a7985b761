import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { findLatestCheckpoint, listCheckpoints, loadCheckpoint, train, verifyCheckpoint } from "@graticule/train";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun } from "./fixtures/tiny-run.js";

/** A run with checkpoints of steps 5, 10 and 15. */
async function trainedRun(): Promise<string> {
  const runFolder = await makeTemporaryFolder();
  await train(await makeTinyRun({ runFolder }, { totalSteps: 15 }));
  return runFolder;
}

async function changeState(checkpoint: string, change: (text: string) => string): Promise<void> {
  const path = join(checkpoint, "state.json");
  await writeFile(path, change(await readFile(path, "utf8")));
}

const damages: Record<string, (checkpoint: string) => Promise<unknown>> = {
  "an empty folder": async (checkpoint) => {
    await rm(checkpoint, { recursive: true });
    await mkdir(checkpoint);
  },
  "a file in place of the folder": async (checkpoint) => {
    await rm(checkpoint, { recursive: true });
    await writeFile(checkpoint, "");
  },
  "no weights": (checkpoint) => rm(join(checkpoint, "model.safetensors")),
  "truncated weights": (checkpoint) => truncate(join(checkpoint, "model.safetensors"), 1000),
  "empty weights": (checkpoint) => truncate(join(checkpoint, "model.safetensors"), 0),
  "one flipped bit in the weights": async (checkpoint) => {
    const path = join(checkpoint, "model.safetensors");
    const bytes = await readFile(path);
    bytes[1500]! ^= 1;
    await writeFile(path, bytes);
  },
  "truncated moments": (checkpoint) => truncate(join(checkpoint, "optimizer.safetensors"), 4143),
  "no state": (checkpoint) => rm(join(checkpoint, "state.json")),
  "an empty state": (checkpoint) => truncate(join(checkpoint, "state.json"), 0),
  "a state cut in the middle": (checkpoint) => changeState(checkpoint, (text) => text.slice(0, 300)),
  "a state that is null": (checkpoint) => changeState(checkpoint, () => "null"),
  "a state of another format": (checkpoint) =>
    changeState(checkpoint, (text) => text.replace('"formatVersion": 2', '"formatVersion": 9')),
  "a state with another step": (checkpoint) =>
    changeState(checkpoint, (text) => text.replace('"step": 15', '"step": 14')),
};

describe("findLatestCheckpoint", () => {
  it.each(Object.keys(damages))("passes over %s with a warning that says why", async (name) => {
    const runFolder = await trainedRun();
    const [newest] = await listCheckpoints(runFolder);
    await damages[name]!(newest!.path);
    const warnings: string[] = [];
    const found = await findLatestCheckpoint(
      runFolder,
      makeLogger((line) => warnings.push(line.replaceAll(runFolder, "RUN").replace(/[0-9a-f]{64}/g, "HASH"))),
    );
    expect(found?.state.step).toBe(10);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchSnapshot();
    // Training goes on from there and replaces the damaged one.
    await train(await makeTinyRun({ runFolder }, { totalSteps: 15, resume: true }));
    expect((await findLatestCheckpoint(runFolder))?.state.step).toBe(15);
  });

  it("fails when there are checkpoints and none is valid, and finds none in a new run", async () => {
    const runFolder = await trainedRun();
    for (const { path } of await listCheckpoints(runFolder)) await truncate(join(path, "model.safetensors"), 8);
    await expect(findLatestCheckpoint(runFolder)).rejects.toThrow(
      /expected at least one valid checkpoint, got 3 that are all incomplete or changed\. Restore one/,
    );
    expect(await findLatestCheckpoint(await makeTemporaryFolder())).toBeUndefined();
  });
});

describe("saveCheckpoint", () => {
  it("keeps the newest and removes what an interrupted save left", async () => {
    const runFolder = await makeTemporaryFolder();
    await mkdir(join(runFolder, "checkpoints", ".partial-step-00000007"), { recursive: true });
    await writeFile(join(runFolder, "checkpoints", ".partial-step-00000007", "model.safetensors"), "half");
    await train(await makeTinyRun({ runFolder }, { totalSteps: 9, saveEverySteps: 2, keepCheckpoints: 2 }));
    expect((await readdir(join(runFolder, "checkpoints"))).sort()).toEqual(["step-00000008", "step-00000009"]);
  });

  it("does not remove valid checkpoints in favour of later damaged ones", async () => {
    const runFolder = await trainedRun();
    const [newest] = await listCheckpoints(runFolder);
    await truncate(join(newest!.path, "model.safetensors"), 100);
    await train(
      await makeTinyRun({ runFolder }, { totalSteps: 12, saveEverySteps: 1, keepCheckpoints: 1, resume: true }),
    );
    expect((await listCheckpoints(runFolder)).map(({ step }) => step)).toEqual([15, 12]);
    expect((await findLatestCheckpoint(runFolder))?.state.step).toBe(12);
  });

  it("records what the next step depends on", async () => {
    const runFolder = await trainedRun();
    const checkpoint = await findLatestCheckpoint(runFolder);
    const { seconds, files, packageVersion, ...state } = checkpoint!.state;
    expect(seconds).toBeGreaterThan(0);
    expect(packageVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(files["model.safetensors"]?.bytes).toBe(
      (await readFile(join(checkpoint!.path, "model.safetensors"))).length,
    );
    expect(state).toEqual({
      formatVersion: 2,
      step: 15,
      epoch: 2,
      sampleInEpoch: 5,
      samplesSeen: 75,
      seed: 42,
      config: { model: { width: 16 }, train: { steps: 20 } },
      configFingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      optimizerUpdates: { "fc1.weight": 15, "fc1.bias": 15, "fc2.weight": 15, "fc2.bias": 15 },
      schema: [
        { name: "red", unit: "reflectance", wavelengthNm: 660 },
        { name: "nir", unit: "reflectance", wavelengthNm: 840 },
      ],
    });
  });
});

/** Turns a checkpoint into one of format 1, which counted batches. */
async function toFormat1(checkpoint: string): Promise<void> {
  await changeState(checkpoint, (text) => {
    const { sha256: _, sampleInEpoch, ...rest } = JSON.parse(text);
    const state = { ...rest, formatVersion: 1, batchInEpoch: sampleInEpoch / 5 };
    const sorted = JSON.stringify(state, (_key, part) =>
      part?.constructor === Object
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    );
    return JSON.stringify({ ...state, sha256: createHash("sha256").update(sorted).digest("hex") });
  });
}

it("a run goes on from a checkpoint that counted batches", async () => {
  const weights = async (runFolder: string) =>
    (await findLatestCheckpoint(runFolder))?.state.files["model.safetensors"]?.sha256;
  const runFolder = await trainedRun();
  const [newest] = await listCheckpoints(runFolder);
  await toFormat1(newest!.path);
  await train(await makeTinyRun({ runFolder }, { totalSteps: 18, resume: true }));
  const straight = await makeTemporaryFolder();
  await train(await makeTinyRun({ runFolder: straight }, { totalSteps: 18 }));
  expect(await weights(runFolder)).toBe(await weights(straight));
});

describe("loadCheckpoint", () => {
  it("verifies a folder and loads weights alone where no optimizer is given", async () => {
    const runFolder = await trainedRun();
    const { path } = (await findLatestCheckpoint(runFolder))!;
    const { model, loader } = await makeTinyRun({ runFolder });
    const before = model.fc1.weight.variable.dataSync().slice();
    expect(await loadCheckpoint(path, { model, schema: loader.schema })).toMatchObject({ step: 15 });
    expect(model.fc1.weight.variable.dataSync()).not.toEqual(before);
    await truncate(join(path, "model.safetensors"), 100);
    await expect(loadCheckpoint(path, { model })).rejects.toMatchObject({ code: "GRATICULE_FORMAT" });
  });

  it("refuses another channel schema before it changes a weight", async () => {
    const { path } = (await findLatestCheckpoint(await trainedRun()))!;
    const { model, loader } = await makeTinyRun({ runFolder: "unused" });
    const before = model.fc1.weight.variable.dataSync().slice();
    const loading = loadCheckpoint(path, { model, schema: [...loader.schema].reverse() });
    await expect(loading).rejects.toThrow(/expected name red for channel 0/);
    expect(model.fc1.weight.variable.dataSync()).toEqual(before);
  });
});

describe("verifyCheckpoint", () => {
  it("reports what it can't read as it is", async () => {
    const folder = await makeTemporaryFolder();
    await symlink("loop", join(folder, "loop"));
    await expect(verifyCheckpoint(join(folder, "loop"))).rejects.toMatchObject({ code: "ELOOP" });
  });
});
