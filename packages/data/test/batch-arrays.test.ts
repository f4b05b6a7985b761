import { expect, test } from "vitest";
import { type Batch, type JsonValue, type LoaderOptions, makeLoader } from "../src/index.js";

const module = new URL("./paired-dataset.ts", import.meta.url).href;

async function collect(options: JsonValue, changes: Partial<LoaderOptions> = {}, epoch = 1): Promise<Batch[]> {
  const loader = await makeLoader({
    dataset: { module, export: "openPaired", options },
    batchSize: 3,
    seed: 7,
    shuffle: false,
    dropLast: false,
    transforms: [],
    numWorkers: 0,
    prefetchBatches: 2,
    onCorrupt: "skip",
    ...changes,
  });
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch)) batches.push(batch);
  await loader.close();
  return batches;
}

test("named arrays are stacked with B in front", async () => {
  const [, last] = await collect({ length: 5 });
  expect(last?.arrays.target).toEqual({ data: Float32Array.of(-3, -3, -4, -4), shape: [2, 2] });
  expect(last?.arrays.lead?.shape).toEqual([2]);
  expect(last?.images.filter((_, position) => position % 24 === 0)).toEqual(Float32Array.of(3, 4));
});

test("reads in place, reads with copies and worker threads give the same batches, with and without corrupt samples", async () => {
  for (const corrupt of [[], [1, 5]]) {
    const reference = await collect({ length: 9, corrupt, direct: false }, { shuffle: true });
    expect(reference.flatMap(({ indices }) => [...indices])).toHaveLength(9 - corrupt.length);
    for (const numWorkers of [0, 2])
      expect(await collect({ length: 9, corrupt }, { shuffle: true, numWorkers })).toEqual(reference);
  }
});

test("draws depend on seed and epoch", async () => {
  const leads = (batches: Batch[]) => batches.flatMap(({ arrays }) => [...(arrays.lead?.data ?? [])]);
  const first = leads(await collect({ length: 6 }));
  expect(leads(await collect({ length: 6 }, {}, 2))).not.toEqual(first);
  expect(leads(await collect({ length: 6 }, { seed: 8 }))).not.toEqual(first);
});

test("transforms change the pixels and leave the arrays", async () => {
  const resize = { kind: "resize", size: [2, 2], interpolation: "bilinear" } as const;
  const [batch] = await collect({ length: 3 }, { transforms: [resize] });
  expect(batch?.shape).toEqual([3, 2, 2, 2]);
  expect(batch?.arrays).toEqual((await collect({ length: 3 }))[0]?.arrays);
});

test("arrays of different shapes are an error that names the array", async () => {
  await expect(collect({ length: 3, misshapen: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: batch at 0, array target: expected samples of one shape, [2] as sample 0, got [3] from sample 2. Give the arrays of every sample of a dataset one shape.]`,
  );
});
