import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeLogger, makeRandom } from "@graticule/core";
import { findLatestCheckpoint, listCheckpoints } from "@graticule/train";
import { beforeAll, describe, expect, it } from "vitest";
import { startTrainChild, type TrainChild } from "./fixtures/run-child.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";

const STEPS = 40;
const SAVE_EVERY = 3;

async function fileHashes(runFolder: string): Promise<Record<string, string>> {
  const { files } = (await findLatestCheckpoint(runFolder))!.state;
  return Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256]));
}

async function metricSteps(runFolder: string): Promise<number[]> {
  const text = await readFile(join(runFolder, "metrics.jsonl"), "utf8").catch(() => "");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).step);
}

async function waitForSteps(runFolder: string, count: number, child: TrainChild): Promise<void> {
  while ((await metricSteps(runFolder)).length < count && child.process.exitCode === null) await setTimeout(2);
}

describe("a run in a process of its own", () => {
  let reference: Record<string, string>;

  beforeAll(async () => {
    const runFolder = await mkdtemp(join(tmpdir(), "graticule-train-"));
    expect(await startTrainChild([runFolder, STEPS, SAVE_EVERY, 0]).finished).toMatchObject({ code: 0, stderr: "" });
    reference = await fileHashes(runFolder);
    await rm(runFolder, { recursive: true });
  });

  it("ends with the same bytes after kill -9 at random steps and in the middle of two saves", async () => {
    const runFolder = await makeTemporaryFolder();
    const random = makeRandom(5, "kill");
    const stepsBehind: number[] = [];
    for (const saveToDieIn of [undefined, 1, undefined, 2, undefined]) {
      const before = (await metricSteps(runFolder)).length;
      const child = startTrainChild([runFolder, STEPS, SAVE_EVERY, 4, saveToDieIn ?? ""]);
      if (saveToDieIn === undefined) {
        await waitForSteps(runFolder, before + 1 + random.integer(4), child);
        child.process.kill("SIGKILL");
      }
      expect(await child.finished).toMatchObject({ signal: "SIGKILL" });
      stepsBehind.push((await metricSteps(runFolder)).length);
    }
    expect(Math.min(...stepsBehind)).toBeGreaterThan(0);
    expect(Math.max(...stepsBehind)).toBeLessThan(STEPS);
    const end = await startTrainChild([runFolder, STEPS, SAVE_EVERY, 0]).finished;
    expect(JSON.parse(end.stdout)).toMatchObject({ step: STEPS, stopped: false });
    expect(await fileHashes(runFolder)).toEqual(reference);
    expect(await metricSteps(runFolder)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
  });

  it("ends with the same bytes when a thread writes the checkpoints, also after kill -9 while it does", async () => {
    const runFolder = await makeTemporaryFolder();
    for (const wait of [4, 5, 7]) {
      const before = (await metricSteps(runFolder)).length;
      const child = startTrainChild([runFolder, STEPS, SAVE_EVERY, 4, "", "async"]);
      await waitForSteps(runFolder, Math.min(before + wait, STEPS - 1), child);
      child.process.kill("SIGKILL");
      await child.finished;
    }
    const end = await startTrainChild([runFolder, STEPS, SAVE_EVERY, 0, "", "async"]).finished;
    expect(end.stderr).toBe("");
    expect(JSON.parse(end.stdout)).toMatchObject({ step: STEPS, stopped: false });
    expect(await fileHashes(runFolder)).toEqual(reference);
    expect((await listCheckpoints(runFolder)).length).toBeLessThanOrEqual(3);
  });

  it("saves and returns after SIGTERM, and goes on when resumed", async () => {
    const runFolder = await makeTemporaryFolder();
    const child = startTrainChild([runFolder, STEPS, 1000, 5]);
    await waitForSteps(runFolder, 5, child);
    child.process.kill("SIGTERM");
    const stopped = await child.finished;
    expect(stopped).toMatchObject({ code: 0, signal: null });
    const { step, checkpoint } = JSON.parse(stopped.stdout);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ stopped: true });
    expect(await listCheckpoints(runFolder)).toEqual([{ step, path: checkpoint }]);
    expect(step).toBeLessThan(STEPS);
    await startTrainChild([runFolder, STEPS, 1000, 0]).finished;
    expect(await fileHashes(runFolder)).toEqual(reference);
  });

  it("stops with a clear error when a checkpoint can't be written, and leaves the earlier one whole", async () => {
    const runFolder = await makeTemporaryFolder();
    await startTrainChild([runFolder, 4, 4, 0]).finished;
    // Files may not grow beyond 8 blocks of 512 bytes: the optimizer's has 4144 bytes.
    const failed = await startTrainChild([runFolder, STEPS, 4, 0], "ulimit -f 8").finished;
    expect(failed.code).toBe(1);
    expect(failed.stderr.replace(runFolder, "RUN")).toMatchInlineSnapshot(`
      "CheckpointError: checkpoint of step 8: expected to write 5208 bytes into RUN, got EFBIG: file too large, write. Earlier checkpoints are intact; free space on the disk, then resume.
      "
    `);
    const inThread = await startTrainChild([runFolder, STEPS, 4, 0, "", "async"], "ulimit -f 8").finished;
    expect([inThread.code, inThread.stderr]).toEqual([1, failed.stderr]);
    const warnings: string[] = [];
    const latest = await findLatestCheckpoint(
      runFolder,
      makeLogger((line) => warnings.push(line)),
    );
    expect(latest?.state.step).toBe(4);
    expect(warnings).toEqual([]);
  });
});
