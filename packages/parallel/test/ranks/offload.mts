// Sharded state on the disk, and frozen parameters, on two ranks and on one.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FullyShardOptions, fullyShard, makeMesh } from "../../src/index.js";
import { trainOn } from "../fixtures/compare-runs.js";
import type { Layout } from "../fixtures/layouts.js";
import { onFirstRanks, runRankCases } from "../fixtures/rank-cases.js";
import { relativeError } from "../fixtures/relative-error.js";
import { finetuneStack, type Held, makeStack } from "../fixtures/stack-training.js";
import { openTorch } from "../fixtures/tiny-training.js";

const folder = process.argv[2] as string;
const disk = { offload: "disk", offloadFolder: folder } as const;

const sharded = (fsdp: number, options: Partial<FullyShardOptions>): Layout => ({
  sizes: { dp: 1, fsdp },
  divided: [],
  sharding: "FULL_SHARD",
  options,
});
const mae = { name: "mae" } as const;

/** The tensors of a run's checkpoint, as bytes by file. */
function savedBytes(runFolder: string, step: number): Record<string, string> {
  const path = join(folder, runFolder, "checkpoints", `step-${String(step).padStart(8, "0")}`);
  const files = readdirSync(path).filter((name) => name.endsWith(".safetensors"));
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(path, name)).toString("base64")]));
}

/** The allocator rounds sizes up; a few small tensors come beside. */
const SLACK_BYTES = 32 * 1024;

await openTorch();
await runRankCases({
  "a run with its state on the disk gives the bytes of one in memory, from either's checkpoint on": async (world) => {
    const options = { totalSteps: 4, gradAccumSteps: 2 };
    const runs = {
      memory: {},
      disk: { ...disk, forwardPrefetch: true, limitAllGathers: false },
      host: { offload: "host" },
    } as const;
    for (const [name, strategy] of Object.entries(runs))
      await trainOn(
        world,
        mae,
        sharded(2, { ...strategy, reshardAfterForward: name !== "host" }),
        join(folder, name),
        options,
      );
    for (const name of ["disk", "host"]) assert.deepEqual(savedBytes(name, 4), savedBytes("memory", 4));
    const resumed = join(folder, "resumed");
    await trainOn(world, mae, sharded(2, disk), resumed, { ...options, totalSteps: 1 });
    await trainOn(world, mae, sharded(2, {}), resumed, { ...options, totalSteps: 2, resume: true });
    await trainOn(world, mae, sharded(2, { ...disk, backwardPrefetch: "NONE" }), resumed, { ...options, resume: true });
    assert.deepEqual(savedBytes("resumed", 4), savedBytes("memory", 4));
  },
  "one rank with its state on the disk gives the bytes of one in memory": async (world) => {
    await onFirstRanks(world, 1, async (alone) => {
      for (const [name, options] of [
        ["one-memory", {}],
        ["one-disk", disk],
      ] as const)
        await trainOn(alone, mae, sharded(1, options), join(folder, name), { totalSteps: 3 });
      assert.deepEqual(savedBytes("one-disk", 3), savedBytes("one-memory", 3));
    });
  },
  "frozen parameters are sharded, and trained ones beside them get the weights of one rank": async (world) => {
    const expected = await finetuneStack(undefined, {});
    for (const options of [{}, { backwardPrefetch: "BACKWARD_POST" }, { backwardPrefetch: "NONE", ...disk }] as const) {
      const { values, moments, held } = await finetuneStack(world, options);
      assert.equal(moments, expected.moments);
      assert.ok(held < ("offload" in options ? SLACK_BYTES : expected.held / 2 + SLACK_BYTES), `${held} bytes`);
      for (const [path, own] of values) {
        if (own.values.length === 0) continue;
        const whole = expected.values.get(path) as Held;
        const error = relativeError(own.values, whole.values.subarray(own.start, own.start + own.values.length));
        assert.ok(error < 1e-5, `${path}: ${error}`);
      }
    }
  },
  "refuses to offload to a disk without a folder": (world) => {
    const mesh = makeMesh(world, { fsdp: 2 });
    assert.throws(
      () => fullyShard(makeStack(), mesh, { units: ["layers.*"], offload: "disk" }),
      /fullyShard: expected an offloadFolder for offload disk, got none. Name a folder on a fast local disk./,
    );
    mesh.free();
  },
});
