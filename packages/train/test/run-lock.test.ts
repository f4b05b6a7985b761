import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { train } from "@graticule/train";
import { expect, it } from "vitest";
import { thisProcess } from "../src/process-identity.js";
import { lockRun } from "../src/run-lock.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun } from "./fixtures/tiny-run.js";

const silent = makeLogger(() => {});

/** A process that is gone: its number may be another's by now, but not with its time. */
async function deadPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "close");
  return child.pid as number;
}

async function writeLock(runFolder: string, holder: object): Promise<void> {
  await writeFile(join(runFolder, "train.lock"), JSON.stringify({ ...thisProcess(), token: "theirs", ...holder }));
}

it("keeps a second run out while one trains, and leaves nothing behind", async () => {
  const runFolder = await makeTemporaryFolder();
  const options = await makeTinyRun({ runFolder });
  const failures: string[] = [];
  await train({
    ...options,
    totalSteps: 2,
    learningRate: () => 0.01,
    evaluate: {
      everySteps: 1,
      async run() {
        const other = await makeTinyRun({ runFolder }, { resume: true });
        await train(other).catch((error: Error) => failures.push(error.message));
        return {};
      },
    },
  });
  expect(failures).toEqual(
    Array(2).fill(
      `${runFolder}: expected to be the only process that works there, got process ${process.pid} on ${hostname()}. Stop that one, or choose another folder.`,
    ),
  );
  expect(existsSync(join(runFolder, "train.lock"))).toBe(false);
});

it.each([
  ["a process that is gone", async () => ({ pid: await deadPid() })],
  ["a process whose number another one has now", async () => ({ started: "1" })],
])("takes the lock of %s over at once, and says so", async (_, holder) => {
  const runFolder = await makeTemporaryFolder();
  await writeLock(runFolder, await holder());
  await writeFile(join(runFolder, "train.lock.half-taken"), "");
  const lines: string[] = [];
  const lock = await lockRun(
    runFolder,
    makeLogger((line) => lines.push(line)),
  );
  expect(lines.join()).toMatch(/^warn: .*train\.lock: taking over from process \d+ on .*, which is gone$/);
  await lock.assertHeld();
  expect(await readdir(runFolder)).toEqual(["train.lock"]);
  await lock.release();
  expect(await readdir(runFolder)).toEqual([]);
});

it("takes over from another machine only when that has been silent, and refuses one that beats", async () => {
  const times = { beatSeconds: 0.05, goneAfterSeconds: 1 };
  const gone = await makeTemporaryFolder();
  await writeLock(gone, { host: "elsewhere", machine: "other" });
  const began = performance.now();
  const lock = await lockRun(gone, silent, times);
  expect(performance.now() - began).toBeGreaterThan(700);
  await lock.release();

  const alive = await makeTemporaryFolder();
  await writeLock(alive, { host: "elsewhere", machine: "other" });
  const path = join(alive, "train.lock");
  const beat = setInterval(() => utimes(path, new Date(), new Date()), 50);
  await expect(lockRun(alive, silent, times)).rejects.toThrow(/got process \d+ on elsewhere/);
  clearInterval(beat);
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ token: "theirs" });
});

it("notices that another process has taken it", async () => {
  const runFolder = await makeTemporaryFolder();
  const lock = await lockRun(runFolder, silent);
  await writeLock(runFolder, { host: "elsewhere" });
  await expect(lock.assertHeld()).rejects.toThrow("on elsewhere");
  await lock.release();
  expect(existsSync(join(runFolder, "train.lock"))).toBe(true);
});

it("lets one of many take a lock over", async () => {
  const runFolder = await makeTemporaryFolder();
  await writeLock(runFolder, { pid: await deadPid() });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(runFolder, silent)));
  const held = outcomes.filter(({ status }) => status === "fulfilled");
  expect(held).toHaveLength(1);
  for (const outcome of held)
    await (outcome as PromiseFulfilledResult<Awaited<ReturnType<typeof lockRun>>>).value.release();
  expect(await readdir(runFolder)).toEqual([]);
});
