// Rank 1 of the job fails while the others wait for it; the argument says how.
import { openMpi } from "../../src/index.js";

const world = openMpi({ timeoutSeconds: 60 });
const ways: Record<string, () => unknown> = {
  exception: () => {
    throw new RangeError("no such band");
  },
  rejection: () => Promise.reject(new Error("the file is gone")),
  later: () => setTimeout(() => JSON.parse("{"), 10),
  exit: () => process.exit(3),
  kill: () => process.kill(process.pid, "SIGKILL"),
};
if (world.rank === 1) await ways[process.argv[2] as string]?.();
else if (world.rank === 0) world.barrier();
else await world.startBarrier().wait();
if (world.rank === 1) await new Promise((resolve) => setTimeout(resolve, 60_000));
