// Times `@graticule/mpi` as ../collectives.cc times the library, with the same arguments.
import { openMpi } from "@graticule/mpi";

const world = openMpi();

function fastest(loops: number, calls: number, call: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  call();
  for (let loop = 0; loop < loops; loop++) {
    world.barrier();
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    const time = Float64Array.of(performance.now() - start);
    world.allReduce(time, { reduction: "max" });
    best = Math.min(best, (time[0] as number) / calls);
  }
  return best * 1e3;
}

const results: Record<string, Record<string, number>> = { "all-reduce": {}, "all-gather": {}, "reduce-scatter": {} };
for (const size of process.argv.slice(2)) {
  const [bytes = 0, loops = 1, calls = 1] = size.split(":").map(Number);
  const whole = new Float32Array(bytes / 4);
  const own = new Float32Array(whole.length / world.size);
  const times = {
    "all-reduce": fastest(loops, calls, () => world.allReduce(whole)),
    "all-gather": fastest(loops, calls, () => world.allGather(own, whole)),
    "reduce-scatter": fastest(loops, calls, () => world.reduceScatter(whole, own)),
  };
  for (const [name, time] of Object.entries(times)) (results[name] as Record<string, number>)[bytes] = time;
}
if (world.rank === 0) process.stdout.write(`${JSON.stringify(results)}\n`);
