import { makeRandom } from "@graticule/core";
import { afterEach, expect, test } from "vitest";
import { balancedOrder } from "../src/epoch-order.js";
import { type Batch, type LoaderOptions, makeLoader } from "../src/index.js";
import { drawMix, mixInto } from "../src/mix-samples.js";
import { eraseRectangle } from "../src/random-erasing.js";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function epochOf(options: Partial<LoaderOptions>): Promise<Batch[]> {
  const loader = await makeLoader({
    ...{ batchSize: 4, seed: 7, shuffle: true, dropLast: true, numWorkers: 0, prefetchBatches: 2, onCorrupt: "fail" },
    dataset: {
      module: new URL("./numbered-dataset.ts", import.meta.url).href,
      export: "openNumbered",
      options: { length: 8 },
    },
    transforms: [
      { kind: "horizontalFlip" },
      { kind: "normalize" },
      { kind: "randomErasing", probability: 0.5, area: [0.1, 0.4], ratio: [0.5, 2] },
    ],
    ...options,
  });
  closing.push(() => loader.close());
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(3)) batches.push(batch);
  return batches;
}

const bySample = (batches: readonly Batch[]) =>
  new Map(
    batches.flatMap(({ images, indices, arrays }) =>
      Array.from(indices, (index, row): [number, number[]] => [
        index,
        [...images.subarray(row * 24, (row + 1) * 24), ...(arrays.mix?.data.subarray(2 * row, 2 * row + 2) ?? [])],
      ]),
    ),
  );

test("mixed and erased samples are the same for any workers and ranks", async () => {
  const mix = { mixup: 0.8, cutmix: 1 };
  const whole = bySample(await epochOf({ mix }));
  expect(whole.size).toBe(8);
  expect(bySample(await epochOf({ mix, numWorkers: 1 }))).toEqual(whole);
  const ofRank = (rank: number) => epochOf({ mix, batchSize: 2, shard: { rank, worldSize: 2 } });
  expect(bySample([...(await ofRank(0)), ...(await ofRank(1))])).toEqual(whole);
  expect(bySample(await epochOf({}))).not.toEqual(whole);
});

test("mixup's shares have the mean and variance of Beta(α, α), cutmix's boxes cover what the share tells", () => {
  const shares = Array.from({ length: 4000 }, (_, index) => {
    const mix = drawMix({ mixup: 0.8, cutmix: 0 }, 10, { seed: 1, epoch: 0, index });
    return mix?.share as number;
  });
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
  expect(mean).toBeCloseTo(0.5, 1);
  expect(variance).toBeCloseTo(1 / (4 * (2 * 0.8 + 1)), 2); // 4 standard errors are below 0.005
  const pixels = new Float32Array(2 * 4 * 6);
  const partner = { pixels: new Float32Array(48).fill(1), shape: [2, 4, 6] as const };
  const share = mixInto({ pixels, shape: [2, 4, 6] }, partner, {
    ...{ partner: 0, share: 0.5, box: { rows: [0.5, 1], columns: [0, 1 / 3] } },
  });
  expect(share).toBe(1 - 4 / 24);
  expect([...pixels.subarray(0, 24)]).toEqual([...Array(12).fill(0), 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
  expect(pixels.subarray(24)).toEqual(pixels.subarray(0, 24));
  expect(mixInto({ pixels, shape: [2, 4, 6] }, partner, { partner: 0, share: 0.25 })).toBe(0.25);
  expect(pixels[0]).toBe(0.75);
});

test("erasing changes one rectangle, of the area asked for, in all channels", () => {
  const shape = [2, 20, 30] as const;
  const { pixels } = eraseRectangle(
    { pixels: new Float32Array(1200), shape },
    { area: [0.1, 0.2], ratio: [0.5, 2] },
    makeRandom(1, "erase"),
  );
  const places = (channel: number) => [...Array(600).keys()].filter((at) => pixels[channel * 600 + at] !== 0);
  const erased = places(0);
  expect(places(1)).toEqual(erased);
  expect(erased.length / 600).toBeGreaterThan(0.08);
  expect(erased.length / 600).toBeLessThan(0.22);
  const rows = new Set(erased.map((at) => Math.floor(at / 30)));
  const columns = new Set(erased.map((at) => at % 30));
  expect(rows.size * columns.size).toBe(erased.length);
});

test("a balanced epoch has all classes equally often and goes through each class before it repeats", () => {
  const labels = [0, 0, 0, 0, 0, 0, 1, 1, 2, -1, 0, 0];
  const order = [...balancedOrder(labels, 5, 1)];
  expect(order).toHaveLength(12);
  for (const label of [0, 1, 2]) expect(order.filter((index) => labels[index] === label)).toHaveLength(4);
  expect(new Set(order.filter((index) => labels[index] === 0)).size).toBe(4);
  expect(
    order
      .filter((index) => labels[index] === 1)
      .slice(0, 2)
      .sort(),
  ).toEqual([6, 7]);
  expect([...balancedOrder(labels, 5, 1)]).toEqual(order);
  expect([...balancedOrder(labels, 5, 2)]).not.toEqual(order);
});

test("balanced classes need a dataset that knows them", async () => {
  await expect(epochOf({ balanceClasses: true })).rejects.toThrow(/a dataset that knows its samples' classes/);
});
