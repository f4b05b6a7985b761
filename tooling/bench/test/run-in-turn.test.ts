import { expect, test } from "vitest";
import { gemmShare } from "../benches/gemm-share.js";
import { median, medians, speedRatio } from "../harness/median.js";
import { choosePeers } from "../harness/peers.js";
import { compare, type Runs, runInTurn } from "../harness/run-in-turn.js";
import type { Measured } from "../harness/run-json.js";
import type { Side } from "../harness/sides.js";

const side = (name: string, results: readonly Measured[], order: string[] = []): Side => {
  let run = 0;
  return {
    name,
    async run() {
      order.push(name);
      return results[run++] as Measured;
    },
  };
};

test("medians are taken of each number, in groups too", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1])).toBe(2.5);
  expect(
    medians([
      { a: 1, b: { c: 5 } },
      { a: 2, b: { c: 7 } },
      { a: 9, b: { c: 6 } },
    ]),
  ).toEqual({ a: 2, b: { c: 6 } });
});

test("the speed ratio is the median over pairs, not the ratio of medians", () => {
  const ours = [{ s: 1 }, { s: 10 }, { s: 2 }];
  const peer = [{ s: 2 }, { s: 10 }, { s: 8 }];
  expect(speedRatio(ours, peer, "s")).toBe(2);
  expect(speedRatio([{ add: { s: 2 }, peakRssMB: 1 }], [{ add: { s: 3 }, peakRssMB: 5 }], "s")).toEqual({ add: 1.5 });
});

test("sides run in turn; a peer that fails is left out with its reason", async () => {
  const order: string[] = [];
  const failing: Side = {
    name: "broken",
    run: () => Promise.reject(new Error("exit code 1.\nTypeError: no torch\n at x")),
  };
  const ours = side("ours", [{ s: 1 }, { s: 3 }], order);
  const runs = await runInTurn([ours, side("peer", [{ s: 4 }, { s: 6 }], order), failing], 2);
  expect(order).toEqual(["ours", "peer", "ours", "peer"]);
  expect(compare(runs, ["peer", "broken"], "s")).toEqual({
    loadAverage: expect.any(Number),
    ours: { s: 2 },
    peers: { peer: { s: 5 }, broken: null },
    ratio: { peer: 3 },
    notes: { broken: "TypeError: no torch" },
  });
});

test("a failure of ours ends the benchmark", async () => {
  await expect(runInTurn([{ name: "ours", run: () => Promise.reject(new Error("no addon")) }], 1)).rejects.toThrow(
    "no addon",
  );
});

test("the GEMM share is ours over the best library of the same pair", () => {
  const runs: Runs = {
    of: new Map<string, readonly Measured[]>([
      ["ours", [{ gflops: 80 }, { gflops: 50 }]],
      ["gemm", [{ a: { gflops: 90 }, b: { gflops: 100 }, peakRssMB: 1000 }, { a: { gflops: 90 } }]],
      ["gemm-pytorch", [{ a: { gflops: 60 } }, { a: { gflops: 125 } }]],
    ]),
    notes: {},
    loadAverage: 0,
  };
  // 80 / 100 and 50 / 125.
  expect(gemmShare(runs)).toEqual({ gemmShare: 0.6, bestGemm: { gflops: 112.5, library: "pytorch" } });
});

test("peers are the usual ones, or those named", () => {
  const known = { a: () => side("a", []), b: () => side("b", []) };
  const names = (asked: true | string | undefined) => choosePeers(known, ["a"], asked).map(({ name }) => name);
  expect([names(undefined), names(true), names("b,a")]).toEqual([[], ["a"], ["b", "a"]]);
  expect(() => names("c")).toThrowErrorMatchingInlineSnapshot(`[RangeError: --peer: expected some of a, b, got c.]`);
});
