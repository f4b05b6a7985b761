import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeRandom } from "@graticule/core";
import { epochOrder } from "@graticule/data";
import { findLatestCheckpoint } from "@graticule/train";
import { expect, it } from "vitest";
import {
  LEDGER_BATCH,
  LEDGER_CORRUPT,
  LEDGER_SAMPLES,
  type LedgerRunOptions,
  runWithLedger,
} from "./fixtures/ledger-run.js";
import { startTrainChild } from "./fixtures/run-child.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";

interface Entry {
  readonly step: number;
  readonly epoch: number;
  readonly samples: readonly number[];
}

async function readLedger(path: string): Promise<Entry[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function weightsOf(runFolder: string): Promise<Record<string, string>> {
  const { files } = (await findLatestCheckpoint(runFolder))!.state;
  return Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256]));
}

const LEDGER_CHILD = new URL("./fixtures/ledger-child.ts", import.meta.url);

/** Worlds that are killed one after the other, then one that ends the run. */
const WORLDS = [
  { worldSize: 2, numWorkers: 1 },
  { worldSize: 3, numWorkers: 0 },
  { worldSize: 4, numWorkers: 1 },
  { worldSize: 1, numWorkers: 2 },
];

it.each([true, false])(
  "every sample is trained on exactly once an epoch, to the same bytes, across kill -9, resume, and change of ranks and workers (dropLast %s)",
  async (dropLast) => {
    const batchesPerEpoch = dropLast ? 3 : 4;
    const totalSteps = 6 * batchesPerEpoch;
    const start = async (): Promise<LedgerRunOptions> => {
      const runFolder = await makeTemporaryFolder();
      await mkdir(runFolder, { recursive: true });
      const ledger = join(runFolder, "ledger.jsonl");
      return { runFolder, ledger, totalSteps, dropLast, worldSize: 1, numWorkers: 0, millisecondsPerStep: 0 };
    };
    const straight = await start();
    await runWithLedger(straight);

    const killed = await start();
    const random = makeRandom(9, "kill");
    for (const [place, world] of WORLDS.entries()) {
      const isLast = place === WORLDS.length - 1;
      const before = (await readLedger(killed.ledger)).length;
      const millisecondsPerStep = isLast ? 0 : 30;
      const settings = JSON.stringify({ ...killed, ...world, millisecondsPerStep });
      const child = startTrainChild([settings], ":", LEDGER_CHILD);
      // Beyond the next save, so that runs of other sizes go on in the middle of an epoch.
      const killAfter = before + 4 + random.integer(3);
      while (!isLast && child.process.exitCode === null && (await readLedger(killed.ledger)).length < killAfter)
        await setTimeout(5);
      if (!isLast) child.process.kill("SIGKILL");
      expect(await child.finished).toMatchObject(isLast ? { code: 0 } : { signal: "SIGKILL" });
    }

    // A step that was done again after a crash counts as it was done last: its weights are those that remained.
    const entries = await readLedger(killed.ledger);
    const steps = [...new Map(entries.map((entry) => [entry.step, entry])).values()];
    expect(entries.length).toBeGreaterThan(steps.length);
    expect(steps).toEqual(await readLedger(straight.ledger));
    for (let epoch = 0; epoch < 6; epoch++) {
      const order = epochOrder(LEDGER_SAMPLES, 42, epoch, true);
      const due = [...order].slice(0, dropLast ? batchesPerEpoch * LEDGER_BATCH : LEDGER_SAMPLES);
      const done = steps.filter((entry) => entry.epoch === epoch).flatMap(({ samples }) => samples);
      expect(done).toEqual(due.filter((sample) => !LEDGER_CORRUPT.includes(sample)));
    }
    expect(await weightsOf(killed.runFolder)).toEqual(await weightsOf(straight.runFolder));
  },
);
