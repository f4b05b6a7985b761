import type { Communicator } from "@graticule/mpi";
import type { Mesh } from "@graticule/parallel";

/** What rank 0 makes, on every rank: plain data as JSON has them, or undefined. Collective. */
export async function fromFirstRank<T>(world: Communicator, make: () => Promise<T>): Promise<T> {
  if (world.size === 1) return make();
  const text = world.rank === 0 ? JSON.stringify({ value: await make() }) : "";
  const own = new TextEncoder().encode(text);
  const length = Int32Array.of(own.length);
  await world.startBroadcast(length).wait();
  const bytes = world.rank === 0 ? own : new Uint8Array(length[0] as number);
  await world.startBroadcast(bytes).wait();
  return (JSON.parse(new TextDecoder().decode(bytes)) as { value: T }).value;
}

/** Arrays that rank 0 makes, on every rank; each rank gives their lengths. Collective. */
export async function arraysFromFirstRank<K extends string>(
  world: Communicator,
  lengths: Readonly<Record<K, number>>,
  make: () => Promise<Readonly<Record<K, Float32Array>>>,
): Promise<Record<K, Float32Array>> {
  const made = world.rank === 0 ? await make() : undefined;
  const arrays = {} as Record<K, Float32Array>;
  for (const name of Object.keys(lengths) as K[]) {
    arrays[name] = made?.[name] ?? new Float32Array(lengths[name]);
    await world.startBroadcast(arrays[name]).wait();
  }
  return arrays;
}

/**
 * Adds up what the ranks of other data have found, in place; every rank then has the numbers of rank 0, bit for bit, so that
 * all decide alike. Collective.
 */
export async function sumOverData(values: Float64Array, { data, world }: Mesh): Promise<void> {
  await data.startAllReduce(values).wait();
  await world.startBroadcast(values).wait();
}

/**
 * Which of `count` tasks this rank does: as many on each, as models that are divided need, so that some come again with
 * weight 0.
 */
export function* ownTasks(count: number, { data }: Mesh): Generator<{ readonly task: number; readonly weight: 0 | 1 }> {
  for (let first = 0; first < count; first += data.size) {
    const task = first + data.rank;
    yield task < count ? { task, weight: 1 } : { task: count - 1, weight: 0 };
  }
}
