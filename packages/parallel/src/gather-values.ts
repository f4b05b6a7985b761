import type { Communicator } from "@graticule/mpi";

/** Every rank's value, in the order of ranks: numbers, text and plain objects, as JSON has them. Collective. */
export async function gatherValues<T>(value: T, group: Communicator): Promise<T[]> {
  const own = new TextEncoder().encode(JSON.stringify(value));
  const counts = new Int32Array(group.size);
  await group.startAllGather(Int32Array.of(own.length), counts).wait();
  const all = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
  await group.startAllGather(own, all, { counts: [...counts] }).wait();
  let end = 0;
  return Array.from(counts, (count) => {
    end += count;
    return JSON.parse(new TextDecoder().decode(all.subarray(end - count, end))) as T;
  });
}
