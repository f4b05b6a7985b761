import { expect, it } from "vitest";
import { clockOffset } from "../../src/trace/align-clocks.js";
import { intersect, subtract, unite } from "../../src/trace/intervals.js";
import { describeSummary, summarizeTrace } from "../../src/trace/trace-summary.js";
import type { TraceRow, TraceSpan } from "../../src/trace/tracer.js";

const span = (row: TraceRow, start: number, end: number): TraceSpan => ({ row, name: row, start, end });

it("adds, intersects and subtracts stretches of time", () => {
  const united = unite([
    [4, 6],
    [0, 2],
    [1, 3],
    [6, 7],
    [9, 9],
  ]);
  expect(united).toEqual([
    [0, 3],
    [4, 7],
  ]);
  expect(intersect(united, [[2, 5]])).toEqual([
    [2, 3],
    [4, 5],
  ]);
  expect(subtract(united, [[2, 5]])).toEqual([
    [0, 2],
    [5, 7],
  ]);
  expect(subtract([], [[2, 5]])).toEqual([]);
});

it("counts blocked time as waiting, not as compute, and communication as hidden only behind compute", () => {
  const summary = summarizeTrace(
    [
      span("step", 0, 10),
      span("loader", 0, 1),
      span("compute", 1, 7), // of which the rank is blocked from 4 to 5
      span("waiting", 4, 5),
      span("communication", 2, 5),
      span("communication", 3, 3.5), // beside the other
      span("waiting", 7, 8),
      span("communication", 6.5, 8),
      span("checkpoint", 8, 9),
      span("waiting", 8.5, 8.6),
      span("compute", 9.5, 12), // past the window's end
    ],
    0,
    10,
  );
  expect(summary).toEqual({
    seconds: 10,
    compute: 5.5,
    communication: 4.5,
    hidden: 2.5,
    waiting: 2,
    loader: 1,
    checkpoint: 1,
    idle: 0.5,
  });
  expect(describeSummary(summary)).toBe(
    "compute 55.0 %, communication 45.0 % (55.6 % of it behind compute), waiting 20.0 %, loader 10.0 %, checkpoint 10.0 %, idle 5.0 %",
  );
});

it("aligns the clocks of other machines by when ranks leave gatherings, and trusts that of its own", async () => {
  // Rank 1's clock is 100 s ahead; it leaves up to 4 ms late.
  const times = (ahead: number, late: number) => {
    let round = 0;
    return () => ahead + ++round + (round % 3 === 0 ? late : 0);
  };
  const offsetOf = (hosts: readonly string[]) => {
    const values: unknown[][] = [];
    const other = times(0, 0);
    const gather = async <T>(value: T): Promise<T[]> => {
      values.push([value]);
      if (typeof value === "string") return hosts as unknown as T[];
      return (Array.isArray(value) ? [value.map(other), value] : [value, value]) as T[];
    };
    return clockOffset({ rank: 1, gather }, times(100, 0.004), hosts[1]);
  };
  expect(await offsetOf(["a", "b"])).toBeCloseTo(-100, 9);
  expect(await offsetOf(["a", "a"])).toBe(0);
});
