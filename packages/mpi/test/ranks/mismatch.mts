// In check mode, ranks that begin different collectives; the argument says how they differ.
import { MpiMismatchError, openMpi } from "../../src/index.js";

const world = openMpi({ timeoutSeconds: 20, check: true });
const odd = world.rank === 1;
const four = new Float32Array(4);

const ways: Record<string, () => unknown> = {
  operation: () => (odd ? world.barrier() : world.allReduce(four)),
  length: () => world.allReduce(new Float32Array(odd ? 5 : 4)),
  type: () => world.broadcast(odd ? new Int32Array(4) : four),
  root: () => world.broadcast(four, world.rank),
  reduction: () =>
    world.startReduceScatter(new Float32Array(4), new Float32Array(2), { reduction: odd ? "min" : "max" }),
  counts: () => world.allGather(new Float32Array(2), new Float32Array(odd ? 5 : 3), { counts: odd ? [3, 2] : [2, 1] }),
  order: () => (odd ? world.split(0) : world.dup()),
};
for (const [name, way] of Object.entries(ways)) {
  let message = "no error";
  try {
    way();
  } catch (error) {
    message = error instanceof MpiMismatchError ? error.message : `not a mismatch: ${String(error)}`;
  }
  if (world.rank === 0) process.stdout.write(`${name}: ${message}\n`);
}
// The communicator goes on.
world.allReduce(four);
