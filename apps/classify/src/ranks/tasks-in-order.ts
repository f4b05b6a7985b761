import { setTimeout as sleep } from "node:timers/promises";
import type { Communicator, Request } from "@graticule/mpi";

const POLL_MS = 20;

/**
 * Does tasks on all ranks, rank r of N those of r, r + N, and so on. Rank 0 gives the results in order; the others give none,
 * and are one task ahead at most of what rank 0 has taken. They wait for its beginning for as long as it takes, beyond the deadline
 * of an operation. Collective: every rank goes on to the end.
 *
 * @param size numbers of each result.
 */
export async function* tasksInOrder(
  world: Communicator,
  { count, size }: { readonly count: number; readonly size: number },
  run: (task: number) => Promise<Float32Array>,
): AsyncGenerator<Float32Array> {
  const { rank, size: ranks } = world;
  const begun = world.startBarrier();
  while (!begun.test()) await sleep(POLL_MS);
  if (rank > 0) {
    let sending: Request | undefined;
    for (let task = rank; task < count; task += ranks) {
      const result = await run(task);
      await sending?.wait();
      sending = world.startSend(result, 0);
    }
    await sending?.wait();
    return;
  }
  for (let first = 0; first < count; first += ranks) {
    const others = Array.from({ length: Math.min(ranks, count - first) - 1 }, (_, other) => {
      const result = new Float32Array(size);
      return { result, request: world.startReceive(result, other + 1) };
    });
    yield await run(first);
    for (const { result, request } of others) {
      await request.wait();
      yield result;
    }
  }
}
