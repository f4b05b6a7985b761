import type { RankPlacement } from "@graticule/mpi";
import { expect, test } from "vitest";
import { assertOwnGpus, rankDevice } from "../src/ranks/rank-device.js";

const place = (rank: number, more: Partial<RankPlacement>): RankPlacement => ({
  ...{ rank, localRank: rank, host: "a", device: "cuda:0", visibleGpus: "", threads: 1, binding: "none" },
  ...more,
});

test("each rank of a host has the next GPU, and other devices are taken as they are given", () => {
  expect([0, 1, 2, 3].map((localRank) => rankDevice("cuda", localRank, 4))).toEqual([
    "cuda:0",
    "cuda:1",
    "cuda:2",
    "cuda:3",
  ]);
  expect(rankDevice("cuda", 3, 2)).toBe("cuda:1");
  expect(rankDevice("cuda", 3, 1)).toBe("cuda:0"); // as under srun --gpus-per-task=1
  expect(rankDevice("cuda:1", 3, 0)).toBe("cuda:1");
  expect(rankDevice("cpu", 3, 0)).toBe("cpu");
  expect(() => rankDevice("cuda", 0, 0)).toThrow(
    "backend.device: expected a GPU for cuda, got none that LibTorch sees.",
  );
});

test("ranks with the same GPU are refused, but not those that see others under its number", () => {
  assertOwnGpus([place(0, {}), place(1, { device: "cuda:1" }), place(2, { host: "b" })]);
  assertOwnGpus([place(0, { visibleGpus: "0" }), place(1, { visibleGpus: "1" })]);
  assertOwnGpus([place(0, { device: "cpu" }), place(1, { device: "cpu" })]);
  expect(() =>
    assertOwnGpus([place(0, {}), place(1, { device: "cuda:1" }), place(2, {})]),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: backend.device: expected a GPU for each rank, got cuda:0 of a for ranks 0 and 2. Start fewer ranks on each machine, or let them share with parallel.shareGpus=true: slower, and without NCCL.]`,
  );
});
