import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { expect, onTestFinished, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type Loader, type LoaderOptions, makeLoader } from "../src/index.js";

const temporary = makeTemporaryFolder();
const module = new URL("./failing-dataset.ts", import.meta.url).href;

interface Failing {
  readonly loader: Loader;
  readonly warnings: string[];
  /** Times that the sample failed. */
  failures(): Promise<number>;
  readonly folder: string;
}

async function openFailing(how: string, times: number, changes: Partial<LoaderOptions> = {}): Promise<Failing> {
  const folder = await mkdtemp(join(tmpdir(), "graticule-data-"));
  const count = join(folder, "count");
  const warnings: string[] = [];
  const loader = await makeLoader({
    dataset: { module, export: "openFailing", options: { length: 24, at: 9, times, count, how } },
    batchSize: 4,
    seed: 0,
    shuffle: false,
    dropLast: false,
    transforms: [],
    numWorkers: 2,
    prefetchBatches: 5,
    onCorrupt: "skip",
    logger: makeLogger((line) => warnings.push(line.replace(folder, "FOLDER"))),
    ...changes,
  });
  onTestFinished(async () => {
    await loader.close();
    await rm(folder, { recursive: true });
  });
  return { loader, warnings, folder, failures: async () => (await readFile(count)).length };
}

async function indices(loader: Loader, start = 0): Promise<number[]> {
  const found: number[] = [];
  for await (const batch of loader.epoch(0, start)) found.push(...batch.indices);
  return found;
}

const all = Array.from({ length: 24 }, (_, index) => index);

// A stalled read lets the thread answer others; a spinning one lets nothing. Both are ended from outside.
const cases: readonly [how: string, reason: RegExp, changes: Partial<LoaderOptions>][] = [
  ["exit", /exit code 7/, {}],
  ["uncaught", /thrown where nothing catches it/, {}],
  ["heap", /memory limit/, { workerHeapMB: 64 }],
  ["stall", /no answer within 3 s/, { batchTimeoutSeconds: 3 }],
  ["spin", /no answer within 3 s/, { batchTimeoutSeconds: 3 }],
];

test.each(cases)(
  "a worker that ends by %s is replaced, and every sample comes once, in order",
  async (how, reason, changes) => {
    const { loader, warnings, failures } = await openFailing(how, 1, changes);
    expect(await indices(loader)).toEqual(all);
    expect(await failures()).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(reason)]);
  },
);

test("batches that a worker made before it ended can be taken after its end", async () => {
  const { loader, warnings, failures } = await openFailing("exit", 1, { numWorkers: 1 });
  const found: number[] = [];
  for await (const batch of loader.epoch(0)) {
    found.push(...batch.indices);
    // The batch at 4 waits meanwhile in the worker that ends at sample 9.
    while (warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(found).toEqual(all);
  expect(await failures()).toBe(1);
});

test("a batch whose second worker ends as well is an error that names it; other batches can still be read", async () => {
  const { loader, warnings, failures, folder } = await openFailing("exit", 1000);
  const error: { code: string; message: string } = await indices(loader).catch((caught) => caught);
  expect(error.code).toBe("GRATICULE_WORKER");
  expect(error.message.replace(folder, "FOLDER")).toMatchInlineSnapshot(
    `"loader worker: expected the batch at sample 8 of epoch 0 (samples 8, 9, 10, 11 of openFailing {"length":24,"at":9,"times":1000,"count":"FOLDER/count","how":"exit"}), got exit code 7, in 2 workers one after the other. Set numWorkers to 0 to see the failure in the main thread, or take these samples out."`,
  );
  expect(warnings).toMatchInlineSnapshot(`
    [
      "warn: loader worker: exit code 7 while making the batch at sample 8 of epoch 0 (samples 8, 9, 10, 11 of openFailing {"length":24,"at":9,"times":1000,"count":"FOLDER/count","how":"exit"}). Trying again in a fresh worker.",
    ]
  `);
  expect(await failures()).toBe(2);
  expect(await indices(loader, 12)).toEqual(all.slice(12));
});

test("a training step that holds the event loop beyond the limit is not taken for a worker that hangs", async () => {
  const { loader, warnings } = await openFailing("exit", 0, { batchTimeoutSeconds: 3, numWorkers: 1 });
  const batches = loader.epoch(0)[Symbol.asyncIterator]();
  await batches.next();
  const until = performance.now() + 3500;
  while (performance.now() < until);
  for (let left = 5; left > 0; left--) expect((await batches.next()).done).toBe(false);
  expect(warnings).toEqual([]);
});

test("limits out of range are refused", async () => {
  await expect(openFailing("exit", 0, { batchTimeoutSeconds: 0 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: makeLoader: expected batchTimeoutSeconds above 0, got 0.]`,
  );
  await expect(openFailing("exit", 0, { workerHeapMB: -1 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: makeLoader: expected workerHeapMB above 0, got -1.]`,
  );
});

test.each([0, 2])(
  "closing the loader closes the dataset in every thread that opened it, of %i workers",
  async (numWorkers) => {
    const log = join(temporary.path, `closed-by-${numWorkers}`);
    const loader = await makeLoader({
      dataset: { module, export: "openClosing", options: { length: 24, log } },
      batchSize: 4,
      seed: 0,
      shuffle: false,
      dropLast: false,
      transforms: [],
      numWorkers,
      prefetchBatches: 4,
      onCorrupt: "fail",
    });
    expect(await indices(loader)).toEqual(all);
    await loader.close();
    const reads = (await readFile(log, "utf8")).trim().split("\n").map(Number);
    expect(reads.length).toBe(numWorkers + 1);
    expect(reads.reduce((sum, count) => sum + count, 0)).toBe(24);
  },
);
