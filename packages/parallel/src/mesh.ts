import { ConfigError, expectation } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";

/** Axes of a mesh, from the one whose ranks are farthest apart to the one whose ranks are neighbors. */
const axes = ["dp", "fsdp", "tp"] as const;

/** `dp` replicates the model, `fsdp` shards its state, `tp` shards its layers; sequence parallelism runs along `tp`. */
export type MeshAxis = (typeof axes)[number];

/** Ranks along each axis. */
export type MeshSizes = Readonly<Record<MeshAxis, number>>;

/** The ranks of a job as a grid with named axes. */
export interface Mesh {
  /** All ranks, in the order of the grid: `tp` runs fastest. */
  readonly world: Communicator;
  readonly sizes: MeshSizes;
  /** The ranks that differ from this one along this axis only, in order; `rank` is the place on the axis. */
  axis(name: MeshAxis): Communicator;
  /**
   * The ranks that see other data than this one, over `dp` and `fsdp` together. `rank` and `size` are what the loader's
   * `shard` takes; ranks along `tp` get the same data.
   */
  readonly data: Communicator;
  /** Frees the groups; `world` stays. Collective. */
  free(): void;
}

/**
 * Lays the ranks out as `dp × fsdp × tp`. Axes that are left out have size 1, but `dp`, which takes what the others leave.
 * Collective over `world`.
 *
 * @throws {ConfigError} if the product of the sizes is not the number of ranks; the message has every factor.
 */
export function makeMesh(world: Communicator, sizes: Partial<MeshSizes> = {}): Mesh {
  const { fsdp = 1, tp = 1 } = sizes;
  const full = { dp: sizes.dp ?? Math.floor(world.size / (fsdp * tp)), fsdp, tp };
  assertSizes(full, world.size);
  const place = {
    tp: world.rank % tp,
    fsdp: Math.floor(world.rank / tp) % fsdp,
    dp: Math.floor(world.rank / tp / fsdp),
  };

  /** Ranks whose places agree on all axes but the given ones. */
  function group(name: string, free: readonly MeshAxis[]): Communicator {
    let color = 0;
    for (const axis of axes) if (!free.includes(axis)) color = color * full[axis] + place[axis];
    return world.split(color, { key: world.rank, name: `${world.name}/${name}` }) as Communicator;
  }

  const groups = { dp: group("dp", ["dp"]), fsdp: group("fsdp", ["fsdp"]), tp: group("tp", ["tp"]) };
  const data = group("data", ["dp", "fsdp"]);
  return {
    world,
    sizes: full,
    axis: (name) => groups[name],
    data,
    free() {
      for (const communicator of [...Object.values(groups), data]) communicator.free();
    },
  };
}

function assertSizes(sizes: MeshSizes, ranks: number): void {
  const product = axes.reduce((product, axis) => product * sizes[axis], 1);
  const areCounts = axes.every((axis) => Number.isInteger(sizes[axis]) && sizes[axis] >= 1);
  if (areCounts && product === ranks) return;
  const factors = axes.map((axis) => `${axis} ${sizes[axis]}`).join(" × ");
  throw new ConfigError(
    expectation(
      "makeMesh",
      `${axes.join(" × ")} to make ${ranks} ranks`,
      `${factors} = ${product}`,
      "Choose factors whose product is the number of ranks, or leave dp out.",
    ),
  );
}
