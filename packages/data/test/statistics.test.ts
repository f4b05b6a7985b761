import { expect, test } from "vitest";
import {
  makeStatisticsCollector,
  measureChannels,
  openDataset,
  stratifiedSplit,
  withStatistics,
} from "../src/index.js";

test("mean, std and range of a hand-worked channel leave out pixels without data", () => {
  const collector = makeStatisticsCollector(2);
  collector.add(Float32Array.of(2, 4, NaN, 1, 1, 1));
  collector.add(Float32Array.of(6, 8, Infinity, 1, 1, 1));
  const [first, second] = collector.result();
  expect(first).toEqual({ count: 4, mean: 5, std: Math.sqrt(5), min: 2, max: 8 });
  expect(second).toEqual({ count: 6, mean: 1, std: 0, min: 1, max: 1 });
});

test("merging parts equals one pass, also far from zero", () => {
  // 16777216 = 2^24 is where float32 sums lose units; the offsets 0…7 survive in float64.
  const values = Float32Array.from({ length: 4096 }, (_, index) => 2 ** 23 + ((index * 37) % 8));
  const whole = makeStatisticsCollector(1);
  whole.add(values);
  const left = makeStatisticsCollector(1);
  const right = makeStatisticsCollector(1);
  left.add(values.subarray(0, 1000));
  right.add(values.subarray(1000));
  left.merge(right);
  left.merge(makeStatisticsCollector(1));
  expect(left.result()[0]?.mean).toBeCloseTo(2 ** 23 + 3.5, 7);
  expect(left.result()[0]?.std).toBeCloseTo(Math.sqrt(5.25), 7);
  expect(left.result()[0]?.std).toBeCloseTo(whole.result()[0]?.std as number, 9);
});

test("a channel without any data has no statistics, and wrong sizes are an error", () => {
  const collector = makeStatisticsCollector(2);
  expect(collector.result()[0]).toEqual({ count: 0, mean: NaN, std: NaN, min: NaN, max: NaN });
  expect(() => collector.add(new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: statistics.add: expected 2 planes of equal size, got 3 values.]`,
  );
  expect(() => collector.merge(makeStatisticsCollector(3))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: statistics.merge: expected 2 channels, got 3.]`,
  );
  expect(() => withStatistics([{ name: "a" }], collector.result())).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: withStatistics: expected 1 channels (a), got 2.]`,
  );
});

test("a dataset is measured over its readable samples", async () => {
  const module = new URL("./numbered-dataset.ts", import.meta.url).href;
  const dataset = await openDataset({ module, export: "openNumbered", options: { length: 5, corrupt: [4] } });
  const { schema, statistics } = await measureChannels(dataset);
  expect(statistics[0]?.count).toBe(4 * 12);
  expect(schema[0]).toMatchObject({ name: "first" });
  expect(schema[0]?.mean).toBeCloseTo(1.5 + 0.055, 6); // indices 0…3, positions 0…11 hundredths
  expect(schema[1]?.mean).toBeCloseTo(1.5 + 0.175, 6);
  expect((await measureChannels(dataset, [2])).schema[0]?.mean).toBeCloseTo(2.055, 6);
});

test("a stratified split keeps class fractions and is the same each time", () => {
  const labels = [...new Array(50).fill(0), ...new Array(20).fill(1), ...new Array(5).fill(2)];
  const split = stratifiedSplit(labels, { train: 0.8, val: 0.1, test: 0.1 }, 3);
  const counts = (indices: Int32Array) =>
    [0, 1, 2].map((label) => [...indices].filter((i) => labels[i] === label).length);
  // Class 2 has 4, 0.5, 0.5: the tie goes to val, which is named first.
  expect([counts(split.train), counts(split.val), counts(split.test)]).toEqual([
    [40, 16, 4],
    [5, 2, 1],
    [5, 2, 0],
  ]);
  expect(new Set([...split.train, ...split.val, ...split.test]).size).toBe(75);
  expect(stratifiedSplit(labels, { train: 0.8, val: 0.1, test: 0.1 }, 3)).toEqual(split);
  expect(stratifiedSplit(labels, { train: 0.8, val: 0.1, test: 0.1 }, 4).val).not.toEqual(split.val);
});

test("fractions that don't sum to 1 are refused", () => {
  expect(() => stratifiedSplit([0, 1], { train: 0.8, test: 0.1 }, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: stratifiedSplit: expected fractions from 0 that sum to 1, got {"train":0.8,"test":0.1}. Write them so that nothing is left over.]`,
  );
});
