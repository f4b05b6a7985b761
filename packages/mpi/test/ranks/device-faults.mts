// What goes wrong with collectives on devices; the argument says what.
import { openDeviceCollectives, openMpi } from "../../src/index.js";
import { fromDevice, gpu, onDevice } from "./device-memory.js";

const way = process.argv[2] as string;
const world = openMpi({
  timeoutSeconds: 1,
  check: way === "mismatch",
  deviceCollectives: way === "wanted" ? "nccl" : "auto",
});
const values = onDevice(world.rank, new Float32Array(6));
const ways: Record<string, () => unknown> = {
  // Rank 1 never comes to the second all-reduce, which rank 0 has left to its device.
  absent: () => {
    world.allReduce(values);
    if (world.rank === 0) world.allReduce(values, { reduction: "max" });
    return new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  // Nor to the opening.
  unopened: () => (world.rank === 0 ? world.allReduce(values) : new Promise((resolve) => setTimeout(resolve, 60_000))),
  broken: () => {
    world.allReduce(values);
    if (world.rank === 1) gpu.breakNccl();
    world.allReduce(values);
    return new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  wanted: () => world.allReduce(values),
  runtime: () => world.allReduce(values),
  mismatch: () => world.allReduce(world.rank === 0 ? values : new Float32Array(6)),
  // NCCL is there, but its ranks can't reach each other.
  unconnected: () => {
    const travels = openDeviceCollectives(world, values.device);
    world.allReduce(values);
    process.stdout.write(`${travels} ${fromDevice(values).join()}\n`);
  },
};
await ways[way]?.();
