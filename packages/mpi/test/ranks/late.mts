// Ranks that do not come together; the argument says how.
import { openMpi } from "../../src/index.js";

const world = openMpi({ timeoutSeconds: 1 });
const values = new Float32Array(6);
const pair = world.split(world.rank === 2 ? 1 : 0, { name: "pair" });
const endless = (): never => {
  for (;;);
};

const ways: Record<string, () => unknown> = {
  // Rank 1 is elsewhere while the others reduce.
  absent: () => (world.rank === 1 ? new Promise((resolve) => setTimeout(resolve, 60_000)) : world.allReduce(values)),
  // Rank 1's JavaScript never comes back.
  busy: () => (world.rank === 1 ? endless() : world.startAllReduce(values, { reduction: "max" }).wait()),
  // Ranks 0 and 1 wait for each other on different communicators.
  crossed: () => {
    if (world.rank === 0) world.barrier();
    if (world.rank === 1) pair?.broadcast(values, 0);
    world.barrier();
  },
  // Nobody sends.
  message: () => (world.rank === 0 ? world.receive(values, 2, 5) : world.barrier()),
  // Rank 1 has nothing more to do.
  ended: () => (world.rank === 1 ? undefined : world.allGather(values, new Float32Array(18))),
  // Rank 1 is stopped by a signal, as by a debugger.
  stopped: () => (world.rank === 1 ? process.kill(process.pid, "SIGSTOP") : world.barrier()),
};
await ways[process.argv[2] as string]?.();
