import { type Batch, type Loader, makeLoader } from "@graticule/data";
import type { Communicator, RaggedOptions } from "@graticule/mpi";
import { expect, test } from "vitest";
import { gatherChannels } from "../src/index.js";

const module = new URL("./channel-noise.ts", import.meta.url).href;

/** Ranks in this process: each gathering ends when all have begun it. */
function makeGroup(size: number): Communicator[] {
  const gatherings: { parts: (Int32Array | Float32Array)[]; done: () => void; all: Promise<void> }[] = [];
  return Array.from({ length: size }, (_, rank) => {
    let calls = 0;
    function startAllGather(input: Float32Array, output: Float32Array, { counts }: RaggedOptions = {}) {
      if (counts && counts[rank] !== input.length) throw new Error(`rank ${rank} sends ${input.length} of ${counts}`);
      let done = (): void => {};
      const all = new Promise<void>((resolve) => {
        done = resolve;
      });
      gatherings[calls] ??= { parts: [], done, all };
      const gathering = gatherings[calls++] as (typeof gatherings)[number];
      gathering.parts[rank] = input.slice();
      if (gathering.parts.filter((part) => part).length === size) gathering.done();
      const wait = async (): Promise<number> => {
        await gathering.all;
        let at = 0;
        for (const part of gathering.parts) {
          output.set(part, at);
          at += part.length;
        }
        return at;
      };
      return { wait };
    }
    return { rank, size, startAllGather } as unknown as Communicator;
  });
}

type Corrupt = readonly (readonly [sample: number, channel: number])[];

function openLoader(corrupt: Corrupt, channels?: readonly number[]): Promise<Loader> {
  const dataset = { module, export: "openChannelNoise", options: { length: 11, corrupt } };
  const schema = Array.from({ length: 7 }, (_, band) => ({ name: `band ${band}`, mean: band, std: 1 + band }));
  return makeLoader({
    ...{ dataset: { ...dataset, ...(channels && { channels }) }, schema, batchSize: 4, seed: 5, shuffle: true },
    transforms: [
      { kind: "randomResizedCrop", size: [2, 3], scale: [0.5, 1], ratio: [1, 1], interpolation: "bilinear" },
      { kind: "horizontalFlip" },
      { kind: "normalize" },
    ],
    ...{ dropLast: false, numWorkers: 0, prefetchBatches: 2, onCorrupt: "skip" },
  });
}

/** Copies, since memory is given back as training does. */
async function batchesOf(loader: Loader): Promise<Omit<Batch, "skipped">[]> {
  const batches: Omit<Batch, "skipped">[] = [];
  for await (const batch of loader.epoch(2)) {
    const { skipped: _, ...rest } = batch;
    batches.push(structuredClone(rest));
    loader.recycle(batch);
    expect(batch.images).toHaveLength(0);
  }
  await loader.close();
  return batches;
}

const parts = [
  [0, 2, 5],
  [1, 3],
  [4, 6],
];

test("ranks that read their own channels get the batches of one that reads all, less what any of them can't read", async () => {
  for (const corrupt of [
    [],
    [
      [3, 4],
      [8, 0],
      [9, 1],
    ],
  ] as Corrupt[]) {
    const whole = await batchesOf(await openLoader(corrupt));
    const ranks = makeGroup(parts.length).map(async (group, rank) => {
      const own = parts[rank] as number[];
      return batchesOf(await gatherChannels(await openLoader(corrupt, own), group, own));
    });
    expect(await Promise.all(ranks)).toEqual(parts.map(() => whole));
  }
});

test("a rank that could read nothing of a batch ends the run", async () => {
  const corrupt: Corrupt = Array.from({ length: 11 }, (_, sample) => [sample, 1] as const).slice(0, 10);
  const [mine, other] = [[0, 2, 3, 4, 5, 6], [1]];
  const ranks = makeGroup(2).map(async (group, rank) => {
    const own = rank === 0 ? mine : other;
    return batchesOf(await gatherChannels(await openLoader(corrupt, own), group, own as number[]));
  });
  const [result] = await Promise.allSettled(ranks);
  expect((result as PromiseRejectedResult).reason.message).toMatch(
    /^batch at 0: expected the same on all ranks, got 0, \d+\. One of them could read no sample of a batch: mend/,
  );
});
