import { soloCommunicator } from "@graticule/mpi";
import { makeMesh } from "@graticule/parallel";
import { expect, test } from "vitest";
import { fromFirstRank, ownTasks, parallelConfig, sumOverData } from "../src/index.js";
import { meshSizes } from "../src/ranks/parallel-config.js";
import { assertShared } from "../src/ranks/rank-share.js";

const sizesOf = (settings: object, ranks: number) => meshSizes(parallelConfig.parse(settings), ranks);

test("ranks that tp leaves are replicas or shards, as the settings say", () => {
  expect(sizesOf({}, 4)).toEqual({ dp: 4, fsdp: 1, tp: 1 });
  expect(sizesOf({ tp: 2, sharding: "FULL_SHARD" }, 8)).toEqual({ dp: 1, fsdp: 4, tp: 2 });
  expect(sizesOf({ tp: 2, sharding: "HYBRID_SHARD", shardSize: 2 }, 8)).toEqual({ dp: 2, fsdp: 2, tp: 2 });
  expect(sizesOf({ sharding: "SHARD_GRAD_OP" }, 1)).toEqual({ dp: 1, fsdp: 1, tp: 1 });
});

test("factors that don't make the ranks are all named", () => {
  expect(() => sizesOf({ tp: 2, sharding: "HYBRID_SHARD", shardSize: 3 }, 8)).toThrow(
    "parallel: expected dp × fsdp × tp to make 8 ranks, got dp 1 × fsdp 3 × tp 2 = 6.",
  );
  expect(() => sizesOf({ tp: 2 }, 1)).toThrow("to make 1 rank, got dp 1 × fsdp 1 × tp 2 = 2.");
  expect(() => sizesOf({ sharding: "HYBRID_SHARD" }, 4)).toThrow(
    "parallel.shardSize: expected the ranks of one replica",
  );
  expect(() => sizesOf({ shardSize: 2 }, 4)).toThrow("parallel.sharding=HYBRID_SHARD alone, got it with NO_SHARD.");
});

test("ranks share batches beyond tp, and groups of channels along it", () => {
  const config = (parallel: object, model: object = {}) => ({
    backend: { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const,
    parallel: parallelConfig.parse(parallel),
    train: { microBatchSize: 6 },
    model: { preset: "tiny", ...model },
  });
  expect(assertShared(config({ tp: 2 }), 6)).toBe(3);
  expect(() => assertShared(config({ tp: 2 }), 8)).toThrow(
    "train.microBatchSize: expected a multiple of the 4 ranks that share it (8 ÷ tp 2), got 6.",
  );
  expect(assertShared(config({ tp: 2, dchag: true }, { tree: "tree0", groups: 4 }), 2)).toBe(1);
  expect(() => assertShared(config({ tp: 2, dchag: true }, { tree: "tree0", groups: 3 }), 2)).toThrow(
    "as many as parallel.tp 2 or a multiple, got 3 groups. Set model.tree=tree0 and model.groups=2, or parallel.dchag=false.",
  );
  expect(() => assertShared(config({ dchag: true }), 1)).toThrow("got a model without groups");
});

test("one rank does all tasks and has what it makes", async () => {
  const mesh = makeMesh(soloCommunicator());
  expect([...ownTasks(3, mesh)]).toEqual([0, 1, 2].map((task) => ({ task, weight: 1 })));
  const second = { ...mesh, data: { ...mesh.data, rank: 1, size: 2 } };
  expect([...ownTasks(3, second as typeof mesh)]).toEqual([
    { task: 1, weight: 1 },
    { task: 2, weight: 0 },
  ]);
  expect(await fromFirstRank(mesh.world, async () => undefined)).toBeUndefined();
  const sums = Float64Array.of(1, 2);
  await sumOverData(sums, mesh);
  expect([...sums]).toEqual([1, 2]);
});
