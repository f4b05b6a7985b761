import { expect, test } from "vitest";
import { type Batch, type DataPosition, epochOrder, type LoaderOptions, makeLoader } from "../src/index.js";

const module = new URL("./numbered-dataset.ts", import.meta.url).href;

async function read(
  dataset: { readonly length: number; readonly corrupt?: number[] },
  changes: Partial<LoaderOptions>,
  position: DataPosition = { epoch: 1, sampleInEpoch: 0 },
): Promise<Batch[]> {
  const loader = await makeLoader({
    dataset: { module, export: "openNumbered", options: { ...dataset } },
    batchSize: 12,
    seed: 5,
    shuffle: true,
    dropLast: false,
    transforms: [{ kind: "horizontalFlip" }],
    numWorkers: 0,
    prefetchBatches: 2,
    onCorrupt: "skip",
    ...changes,
  });
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(position.epoch, position.sampleInEpoch)) batches.push(batch);
  expect(batches.length).toBeLessThanOrEqual(loader.batchesPerEpoch);
  await loader.close();
  return batches;
}

/** What the ranks of a world read, in global batches: pixels one after the other, and where each batch begins. */
async function readAsWorld(worldSize: number, dataset: Parameters<typeof read>[0], position?: DataPosition) {
  const shards = Array.from({ length: worldSize }, (_, rank) => ({ rank, worldSize }));
  const ranks = await Promise.all(
    shards.map((shard) => read(dataset, { batchSize: 12 / worldSize, shard, numWorkers: shard.rank % 2 }, position)),
  );
  return (ranks[0] ?? []).map(({ start, next }, batch) => {
    const parts = ranks.map((batches) => batches[batch] as Batch);
    expect(new Set(parts.map((part) => part.start))).toEqual(new Set([start]));
    expect(parts.map((part) => part.next)).toEqual(parts.map(() => next));
    const indices = parts.flatMap((part) => [...part.indices]);
    return { start, next, indices, images: parts.flatMap((part) => [...part.images]) };
  });
}

test("global batch k is the union of the ranks' micro-batches, for any number of ranks", async () => {
  const dataset = { length: 43, corrupt: [3, 17, 18] };
  const [one, two, three] = [
    await readAsWorld(1, dataset),
    await readAsWorld(2, dataset),
    await readAsWorld(3, dataset),
  ];
  expect(one.map(({ start }) => start)).toEqual([0, 12, 24, 36]);
  expect(one.at(-1)?.next).toEqual({ epoch: 2, sampleInEpoch: 0 });
  expect(one.flatMap(({ indices }) => indices)).toHaveLength(40);
  expect(two).toEqual(one);
  expect(three).toEqual(one);
});

test("an epoch goes on from any sample at another world size", async () => {
  const whole = await readAsWorld(1, { length: 43 });
  const position = whole[1]?.next as DataPosition;
  expect(await readAsWorld(4, { length: 43 }, position)).toEqual(whole.slice(2));
});

test("ranks whose part of a batch can't be read, or that get none of the last, stay in step by an empty batch", async () => {
  const shards = [0, 1, 2].map((rank) => ({ rank, worldSize: 3 }));
  const readRank = (shard: LoaderOptions["shard"]) =>
    read({ length: 8, corrupt: [2, 3] }, { batchSize: 2, shuffle: false, ...(shard && { shard }) });
  const ranks = await Promise.all(shards.map(readRank));
  expect(ranks.map((batches) => batches.map(({ indices }) => [...indices]))).toEqual([
    [[0, 1], []],
    [[], [6]],
    [[4, 5], [7]],
  ]);
  expect(ranks[1]?.[0]?.skipped.map(({ index }) => index)).toEqual([2, 3]);
});

test("without the last batch every rank has the same number of full ones", async () => {
  const read23 = (rank: number) =>
    read({ length: 23 }, { batchSize: 5, dropLast: true, shard: { rank, worldSize: 2 } });
  const ranks = [await read23(0), await read23(1)];
  expect(ranks.map((batches) => batches.map(({ indices }) => indices.length))).toEqual([
    [5, 5],
    [5, 5],
  ]);
  expect(ranks[0]?.at(-1)?.next).toEqual({ epoch: 2, sampleInEpoch: 0 });
});

test("ranks out of range are refused", async () => {
  const message = (rank: number, worldSize: number) =>
    read({ length: 8 }, { shard: { rank, worldSize } }).catch((error: Error) => error.message);
  expect([await message(2, 2), await message(-1, 2), await message(0, 0)]).toMatchInlineSnapshot(`
    [
      "makeLoader: expected shard.rank below shard.worldSize 2, got 2.",
      "makeLoader: expected shard.rank to be a whole number of at least 0, got -1.",
      "makeLoader: expected shard.worldSize to be a whole number of at least 1, got 0.",
    ]
  `);
});

test("an epoch goes on exactly, sample by sample, at other global batch sizes", async () => {
  const seen: number[] = [];
  let position: DataPosition = { epoch: 0, sampleInEpoch: 0 };
  for (const [worldSize, batchSize] of [
    [3, 4],
    [2, 5],
    [1, 7],
    [4, 2],
  ] as const) {
    const shards = Array.from({ length: worldSize }, (_, rank) => ({ rank, worldSize }));
    const ranks = await Promise.all(
      shards.map((shard) => read({ length: 43, corrupt: [5, 6] }, { batchSize, shard }, position)),
    );
    const isLast = worldSize === 4;
    for (const batch of isLast ? (ranks[0] as Batch[]).keys() : [0]) {
      seen.push(...ranks.flatMap((batches) => [...(batches[batch]?.indices ?? [])]));
      position = ranks[0]?.[batch]?.next as DataPosition;
    }
  }
  expect(position).toEqual({ epoch: 1, sampleInEpoch: 0 });
  expect(seen).toEqual([...epochOrder(43, 5, 0, true)].filter((index) => index !== 5 && index !== 6));
});
