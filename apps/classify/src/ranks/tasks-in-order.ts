import { setTimeout as sleep } from "node:timers/promises";
import type { Communicator, Request } from "@graticule/mpi";

const POLL_MS = 20;

/**
 * Does tasks on all ranks, rank r of N those of r, r + N, and so on. Rank 0 gives the results in order; the others give none,
 * and are one task ahead at most of what rank 0 has taken. They wait for its beginning for as long as it takes, beyond the deadline
 * of an operation. Collective: every rank goes on to the end.
 *
 * @param parts arrays of each result, of `size` numbers each.
 */
export async function* tasksInOrder(
  world: Communicator,
  { count, parts, size }: { readonly count: number; readonly parts: number; readonly size: number },
  run: (task: number) => Promise<readonly Float32Array[]>,
): AsyncGenerator<readonly Float32Array[]> {
  const { rank, size: ranks } = world;
  const begun = world.startBarrier();
  while (!begun.test()) await sleep(POLL_MS);
  if (rank > 0) {
    let sending: Request | undefined;
    for (let task = rank; task < count; task += ranks) {
      const result = new Float32Array(parts * size);
      for (const [part, values] of (await run(task)).entries()) result.set(values, part * size);
      await sending?.wait();
      sending = world.startSend(result, 0);
    }
    await sending?.wait();
    return;
  }
  for (let first = 0; first < count; first += ranks) {
    const others = Array.from({ length: Math.min(ranks, count - first) - 1 }, (_, other) => {
      const result = new Float32Array(parts * size);
      return { result, request: world.startReceive(result, other + 1) };
    });
    yield await run(first);
    for (const { result, request } of others) {
      await request.wait();
      yield Array.from({ length: parts }, (_, part) => result.subarray(part * size, (part + 1) * size));
    }
  }
}
