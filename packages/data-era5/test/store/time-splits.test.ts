import fc from "fast-check";
import { expect, test } from "vitest";
import { listSampleStarts } from "../../src/samples/sample-starts.js";
import { fromSegments, toSegments } from "../../src/store/time-segments.js";
import { orderSplits, usableRange } from "../../src/store/time-splits.js";

/** Ascending times in steps of 6 h with gaps, three splits with any order and distance, history and lead times. */
const cases = fc.record({
  gaps: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 20, maxLength: 120 }),
  bounds: fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 6, maxLength: 6 }),
  history: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  leads: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
  gapHours: fc.integer({ min: 0, max: 60 }),
});

test("no state that one split reads is read by another, nor within its gap; windows have no gap in time", () => {
  fc.assert(
    fc.property(cases, ({ gaps, bounds, history, leads, gapHours }) => {
      let time = 0;
      const hours = Float64Array.from([6, ...gaps.map((gap) => (gap > 3 ? 12 : 6))], (step) => {
        time += step;
        return time;
      });
      const b = bounds.sort((x, y) => x - y) as [number, number, number, number, number, number];
      const splits = orderSplits({
        test: { fromHours: b[4], toHours: b[5] },
        train: { fromHours: b[0], toHours: b[1] },
        val: { fromHours: b[2], toHours: b[3] },
      });
      expect(Object.keys(splits)).toEqual(["train", "val", "test"]);
      const offsets = [...history.map((steps) => -6 * steps), ...leads.map((steps) => 6 * steps)];
      const reads = Object.keys(splits).map((name) => {
        const range = usableRange(splits, name, gapHours);
        const starts = [...listSampleStarts(hours, range, offsets)];
        return starts.flatMap((start) => {
          const at = hours[start] as number;
          for (let step = Math.min(...offsets, 0); step <= Math.max(...offsets); step += 6)
            expect(hours.includes(at + step)).toBe(true);
          return [0, ...offsets].map((offset) => at + offset);
        });
      });
      for (const [place, earlier] of reads.entries())
        for (const later of reads.slice(place + 1))
          if (earlier.length > 0 && later.length > 0)
            expect(Math.min(...later) - Math.max(...earlier)).toBeGreaterThan(gapHours);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test("a split that ends before the next by the gap keeps all of its times", () => {
  const splits = orderSplits({ train: { fromHours: 0, toHours: 100 }, test: { fromHours: 130, toHours: 200 } });
  expect(usableRange(splits, "train", 30)).toEqual({ fromHours: 0, toHours: 100 });
  expect(usableRange(splits, "train", 40)).toEqual({ fromHours: 0, toHours: 90 });
  expect(usableRange(splits, "test", 40)).toEqual({ fromHours: 130, toHours: 200 });
});

test("splits that overlap, are empty or unknown are refused", () => {
  const train = { fromHours: 0, toHours: 100 };
  expect(() => orderSplits({ train, test: { fromHours: 99, toHours: 200 } })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: splits: expected spans of time apart from each other, got train and test that overlap. Let one begin where the other has ended.]`,
  );
  expect(() => orderSplits({ train: { fromHours: 5, toHours: 5 } })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: splits.train: expected an end behind its start, got none. Write [start, end].]`,
  );
  expect(() => usableRange({ train }, "val", 0)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: split: expected one of train, got 'val'.]`,
  );
});

test("times are written as runs of equal steps", () => {
  const hours = [0, 6, 12, 18, 36, 42, 48, 50];
  const segments = toSegments(hours);
  expect(segments).toEqual([
    { startHours: 0, stepHours: 6, count: 4 },
    { startHours: 36, stepHours: 6, count: 3 },
    { startHours: 50, stepHours: 0, count: 1 },
  ]);
  expect([...fromSegments(segments, 8, "index.json")]).toEqual(hours);
  expect(() => fromSegments(segments, 9, "index.json")).toThrow("index.json: expected times of 9 records, got 8.");
  expect(() => fromSegments([...segments].reverse(), 8, "index.json")).toThrow(/times that ascend, got 36 behind 50/);
});
