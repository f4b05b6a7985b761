// Groups of meshes over 8 ranks.
import assert from "node:assert/strict";
import type { Communicator } from "@graticule/mpi";
import { makeMesh } from "../../src/index.js";
import { onFirstRanks, runRankCases } from "../fixtures/rank-cases.js";

/** The ranks of the world in a group. */
function members(world: Communicator, group: Communicator): number[] {
  const ranks = new Int32Array(group.size);
  group.allGather(Int32Array.of(world.rank), ranks);
  return [...ranks];
}

await runRankCases({
  "lays tp next to each other, dp farthest apart": (world) => {
    const mesh = makeMesh(world, { dp: 2, fsdp: 2, tp: 2 });
    const r = world.rank;
    assert.deepEqual(members(world, mesh.axis("tp")), [r - (r % 2), r - (r % 2) + 1]);
    const [low, high] = [r & 4, r % 2];
    assert.deepEqual(members(world, mesh.axis("fsdp")), [low + high, low + high + 2]);
    assert.deepEqual(members(world, mesh.axis("dp")), [r % 4, (r % 4) + 4]);
    assert.deepEqual(
      members(world, mesh.data),
      [0, 2, 4, 6].map((rank) => rank + high),
    );
    assert.equal(mesh.data.rank, r >> 1);
    mesh.free();
  },
  "gives dp what the other axes leave": (world) => {
    const mesh = makeMesh(world, { tp: 4 });
    assert.deepEqual(mesh.sizes, { dp: 2, fsdp: 1, tp: 4 });
    assert.equal(mesh.axis("fsdp").size, 1);
    assert.deepEqual(members(world, mesh.axis("dp")), [world.rank % 4, (world.rank % 4) + 4]);
    mesh.free();
  },
  "takes a part of the world as its world": (world) =>
    onFirstRanks(world, 6, (part) => {
      const mesh = makeMesh(part, { dp: 3, tp: 2 });
      assert.deepEqual(
        members(world, mesh.data),
        [0, 2, 4].map((rank) => rank + (world.rank % 2)),
      );
      mesh.free();
    }),
  "names every factor where they do not make the ranks": (world) => {
    const message = (sizes: object) => {
      try {
        makeMesh(world, sizes);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    const advice = "Choose factors whose product is the number of ranks, or leave dp out.";
    assert.equal(
      message({ dp: 2, fsdp: 3 }),
      `makeMesh: expected dp × fsdp × tp to make 8 ranks, got dp 2 × fsdp 3 × tp 1 = 6. ${advice}`,
    );
    assert.equal(
      message({ tp: 3 }),
      `makeMesh: expected dp × fsdp × tp to make 8 ranks, got dp 2 × fsdp 1 × tp 3 = 6. ${advice}`,
    );
    assert.match(message({ dp: 16, tp: 0.5 }), /got dp 16 × fsdp 1 × tp 0.5 = 8/);
    assert.match(message({ tp: 16 }), /got dp 0 × fsdp 1 × tp 16 = 0/);
  },
});
