import type { Communicator } from "@graticule/mpi";

/** Every rank's value, in the order of ranks: numbers, text and plain objects, as JSON has them. Collective. */
export async function gatherValues<T>(value: T, group: Communicator): Promise<T[]> {
  const own = encode(value);
  const counts = new Int32Array(group.size);
  await group.startAllGather(Int32Array.of(own.length), counts).wait();
  const all = roomFor(counts);
  await group.startAllGather(own, all, { counts: [...counts] }).wait();
  return decode(all, counts);
}

/** As `gatherValues`, and waits. */
export function gatherValuesSync<T>(value: T, group: Communicator): T[] {
  const own = encode(value);
  const counts = new Int32Array(group.size);
  group.allGather(Int32Array.of(own.length), counts);
  const all = roomFor(counts);
  group.allGather(own, all, { counts: [...counts] });
  return decode(all, counts);
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const roomFor = (counts: Int32Array): Uint8Array => new Uint8Array(counts.reduce((sum, count) => sum + count, 0));

function decode<T>(all: Uint8Array, counts: Int32Array): T[] {
  let end = 0;
  return Array.from(counts, (count) => {
    end += count;
    return JSON.parse(new TextDecoder().decode(all.subarray(end - count, end))) as T;
  });
}
