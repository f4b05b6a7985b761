import { existsSync, readdirSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { type Batch, type Loader, type LoaderOptions, makeLoader } from "../src/index.js";

const module = new URL("./numbered-dataset.ts", import.meta.url).href;
const open: Loader[] = [];

async function load(dataset: Record<string, number | number[]>, changes: Partial<LoaderOptions> = {}): Promise<Loader> {
  const loader = await makeLoader({
    dataset: { module, export: "openNumbered", options: dataset },
    batchSize: 4,
    seed: 5,
    shuffle: true,
    dropLast: false,
    transforms: [
      { kind: "randomResizedCrop", size: [2, 3], scale: [0.3, 1], ratio: [0.75, 1.333], interpolation: "bicubic" },
      { kind: "horizontalFlip" },
      { kind: "normalize" },
    ],
    numWorkers: 0,
    prefetchBatches: 3,
    onCorrupt: "skip",
    ...changes,
  });
  open.push(loader);
  return loader;
}

async function collect(loader: Loader, epoch: number, start = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch, start)) batches.push(batch);
  return batches;
}

/** Threads of this process; 0 where the system doesn't list them. */
function countThreads(): number {
  return existsSync("/proc/self/task") ? readdirSync("/proc/self/task").length : 0;
}

afterEach(async () => {
  for (const loader of open.splice(0)) await loader.close();
});

test("batches are the same for 0, 1, 2 and 3 workers, with corrupt samples among them", async () => {
  const reference = await collect(await load({ length: 22, corrupt: [3, 17] }), 1);
  expect(reference).toHaveLength(6);
  expect(reference.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 22 }, (_, index) => index).filter((index) => index !== 3 && index !== 17),
  );
  for (const numWorkers of [1, 2, 3])
    expect(await collect(await load({ length: 22, corrupt: [3, 17] }, { numWorkers }), 1)).toEqual(reference);
});

test("an epoch resumed at a sample yields what the uninterrupted one yields from there", async () => {
  const whole = await collect(await load({ length: 18 }), 2);
  const loader = await load({ length: 18 }, { numWorkers: 2 });
  expect(await collect(loader, 2, 12)).toEqual(whole.slice(3));
  expect(await collect(loader, 2, 18)).toEqual([]);
});

test("epochs differ in order and in crops, and each repeats", async () => {
  const loader = await load({ length: 12 });
  const [first, second, again] = [await collect(loader, 0), await collect(loader, 1), await collect(loader, 0)];
  expect(first).toEqual(again);
  expect(first.map(({ indices }) => indices)).not.toEqual(second.map(({ indices }) => indices));
});

test("without shuffling and transforms a batch stacks samples in dataset order", async () => {
  const loader = await load({ length: 5 }, { shuffle: false, transforms: [], dropLast: true });
  const [batch] = await collect(loader, 0);
  expect(loader.batchesPerEpoch).toBe(1);
  expect(batch?.shape).toEqual([4, 2, 3, 4]);
  expect(batch?.labels).toEqual(Int32Array.of(0, 1, 2, 0));
  expect(batch?.images.filter((_, position) => position % 24 === 0)).toEqual(Float32Array.of(0, 1, 2, 3));
  expect(batch?.images[24 + 5]).toBeCloseTo(1.05, 6);
});

test("skipped samples are named and reported, also when a whole batch is corrupt", async () => {
  const loader = await load({ length: 6, corrupt: [0, 1, 3] }, { shuffle: false, batchSize: 2 });
  const batches = await collect(loader, 0);
  expect(batches.map(({ start, indices }) => [start, ...indices])).toEqual([
    [2, 2],
    [4, 4, 5],
  ]);
  expect(batches[0]?.skipped.map(({ index, id }) => [index, id])).toEqual([
    [0, "sample-0"],
    [1, "sample-1"],
    [3, "sample-3"],
  ]);
  expect(batches[0]?.skipped[0]?.reason).toMatchInlineSnapshot(`"sample-0: expected an image, got noise. Remove it."`);
});

test.each([0, 2])("with onCorrupt fail the error names the sample (%i workers)", async (numWorkers) => {
  const loader = await load({ length: 6, corrupt: [4] }, { onCorrupt: "fail", numWorkers });
  await expect(collect(loader, 0)).rejects.toMatchObject({
    code: "GRATICULE_FORMAT",
    message: "sample-4: expected an image, got noise. Remove it.",
  });
});

test("a consumer that stops early can start the next epoch", async () => {
  for (const numWorkers of [0, 2]) {
    const loader = await load({ length: 40 }, { numWorkers });
    for await (const batch of loader.epoch(0)) if (batch.start === 4) break;
    expect((await collect(loader, 1)).map(({ start }) => start)).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36]);
  }
});

test("close ends the threads and the epoch that waits on them", async () => {
  const before = countThreads();
  const loader = await load({ length: 400 }, { numWorkers: 3, prefetchBatches: 50 });
  const iterator = loader.epoch(0)[Symbol.asyncIterator]();
  await iterator.next();
  const waiting = iterator.next().catch((error: { code: string }) => error.code);
  await loader.close();
  expect(await waiting).toSatisfy((value) => value === "GRATICULE_CANCELLED" || typeof value === "object");
  await expect(collect(loader, 1)).rejects.toMatchObject({ code: "GRATICULE_CANCELLED" });
  expect(countThreads()).toBeLessThanOrEqual(before);
});

test("samples of different shapes in a batch are an error that says what to do", async () => {
  const loader = await load({ length: 4, misshapen: 2 }, { shuffle: false, transforms: [] });
  await expect(collect(loader, 0)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: batch at 0: expected samples of one shape, [2, 3, 4] as sample 0, got [2, 3, 5] from sample 2. Add a resize or randomResizedCrop to the transforms.]`,
  );
});

test("wrong options fail before the first batch", async () => {
  await expect(load({ length: 3 }, { dropLast: true })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: makeLoader: expected at least one batch of 4, got 3 samples. Lower batchSize, turn dropLast off, or look at the dataset's folder.]`,
  );
  await expect(load({ length: 3 }, { batchSize: 0 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: makeLoader: expected batchSize to be a whole number of at least 1, got 0.]`,
  );
  await expect(
    load({ length: 3 }, { transforms: [{ kind: "resize", size: [0, 3], interpolation: "bilinear" }] }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: transforms.resize.size: expected [height, width] of whole pixels, got [0,3].]`,
  );
  await expect(load({ length: 3 }, { dataset: { module, export: "openLost", options: null } })).rejects.toThrowError(
    /expected '.*' to export a function 'openLost', got undefined\. It exports openNumbered, openNothing\./,
  );
  await expect(
    load({ length: 3 }, { dataset: { module: "fast-check", export: "openLost", options: null } }),
  ).rejects.toThrowError(/expected '.*fast-check.*' to export a function 'openLost'/);
  await expect(
    load({ length: 3 }, { dataset: { module: "@graticule/lost", export: "open", options: null } }),
  ).rejects.toThrowError(/expected an installed package, got '@graticule\/lost'/);
});
