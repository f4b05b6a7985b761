// Rank 1 comes 300 ms late to an all-reduce that rank 0 awaits, and to a barrier that blocks it; each prints what it recorded.
import { setTimeout } from "node:timers/promises";
import { closeMpi, openMpi, recordOperations } from "../../src/index.js";

const world = openMpi({ timeoutSeconds: 60 });
const clock = (): number => Number(process.hrtime.bigint()) / 1e9;
world.barrier();
const stop = recordOperations();
const began = clock();
if (world.rank === 1) await setTimeout(300);
await world.startAllReduce(new Float32Array(1000)).wait();
if (world.rank === 1) await setTimeout(300);
const blocked = clock();
world.barrier();
const ended = clock();
const records = stop();
world.barrier();
process.stdout.write(
  `${JSON.stringify({ rank: world.rank, began, blocked, ended, records, after: recordOperations()() })}\n`,
);
closeMpi();
