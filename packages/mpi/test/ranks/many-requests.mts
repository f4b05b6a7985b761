// Starts many operations that nobody waits for, and prints whether their buffers were let go and memory stayed.
import { setTimeout as pause } from "node:timers/promises";
import { openMpi } from "../../src/index.js";

const world = openMpi({ timeoutSeconds: 60 });
const collect = globalThis.gc as () => void;

async function drop(count: number): Promise<WeakRef<Float32Array>> {
  let last = new Float32Array(1);
  for (let index = 0; index < count; index++) {
    last = new Float32Array(1000).fill(1);
    const request = world.startAllReduce(last);
    if (index % 100 === 99) await request.wait();
  }
  return new WeakRef(last);
}

await drop(5000);
collect();
const before = process.memoryUsage().rss;
const last = await drop(20_000);
world.barrier();
await pause(100);
collect();
await pause(0);
const grownMegabytes = (process.memoryUsage().rss - before) / 2 ** 20;
const report = { rank: world.rank, isLetGo: last.deref() === undefined, grownMegabytes: Math.round(grownMegabytes) };
process.stdout.write(`${JSON.stringify(report)}\n`);
