// Seven tasks on the ranks of this job; rank 0 begins later than a deadline allows, and prints what it gets.
import { setTimeout as sleep } from "node:timers/promises";
import { openMpi } from "@graticule/mpi";
import { tasksInOrder } from "../../src/index.js";

const world = openMpi({ timeoutSeconds: 1 });
const done: number[] = [];
const results = tasksInOrder(world, { count: 7, parts: 2, size: 1 }, async (task) => {
  done.push(task);
  return [Float32Array.of(task), Float32Array.of(world.rank)];
});
if (world.rank === 0) await sleep(2000);
const taken: string[] = [];
for await (const [task, rank] of results) taken.push(`${task} of rank ${rank}`);
if (world.rank === 0) process.stdout.write(`${taken.join("\n")}\n`);
else if (taken.length > 0 || done.some((task) => task % world.size !== world.rank))
  throw new Error(`rank ${world.rank} did ${done}`);
