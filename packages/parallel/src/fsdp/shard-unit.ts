import type { Parameter } from "@graticule/nn";
import type { StoredFloat } from "@graticule/tfjs-backend-torch";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Mesh } from "../mesh.js";
import type { FlatParameter } from "./flat-layout.js";
import { FlatShard } from "./flat-shard.js";
import { GradientShard } from "./gradient-shard.js";
import type { OffloadedState, StateHome } from "./offloaded-state.js";

export interface ShardUnitOptions {
  readonly computeDtype: StoredFloat;
  readonly reduceDtype: StoredFloat;
  /** Where state lies; the device's memory if absent. */
  readonly home?: StateHome;
}

/** A parameter of a unit, and this rank's part of it. */
export interface UnitPart extends FlatParameter {
  readonly piece: Variable;
}

/** Parameters that are gathered and freed together: those that are trained in one flat shard, frozen ones in another. */
export class ShardUnit {
  readonly #trained: FlatShard | undefined;
  readonly #frozen: FlatShard | undefined;
  /** Of what is trained. */
  readonly gradients: GradientShard | undefined;

  /** Takes the values of rank 0. Collective. */
  constructor(
    parameters: readonly (readonly [path: string, parameter: Parameter])[],
    mesh: Mesh,
    { computeDtype, reduceDtype, home }: ShardUnitOptions,
  ) {
    const make = (isTrained: boolean): FlatShard | undefined => {
      const members = parameters.filter(([, { trainable }]) => trainable === isTrained);
      const options = {
        dtype: computeDtype,
        hasMoments: isTrained,
        ...(home !== undefined && { home }),
      };
      return members.length > 0 ? new FlatShard(members, mesh, options) : undefined;
    };
    this.#trained = make(true);
    this.#frozen = make(false);
    if (this.#trained) this.gradients = new GradientShard(this.#trained.layout, mesh, reduceDtype);
  }

  /** Whether all its gradients may have come before the backward pass is through with it. */
  get hasFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  get #shards(): readonly FlatShard[] {
    return [this.#trained, this.#frozen].filter((shard) => shard !== undefined);
  }

  /** What this rank holds of each parameter. */
  parts(): UnitPart[] {
    return this.#shards.flatMap(({ layout, pieces }) =>
      layout.parameters.map((each) => ({ ...each, piece: pieces.get(each.path) as Variable })),
    );
  }

  /** Begins to gather, if it has not. */
  startGather(): void {
    for (const shard of this.#shards) shard.startGather();
  }

  /** Gathers, if it has not, and gives the model its variables. */
  finishGather(): void {
    this.startGather();
    for (const shard of this.#shards) shard.finishGather();
  }

  /** Frees the gathered parameters; any use of the variables throws until they are gathered again. */
  release(): void {
    for (const shard of this.#shards) shard.release();
  }

  /** Begins to read from the disk what the next gather needs. */
  fetchShards(): void {
    for (const shard of this.#shards) shard.fetch();
  }

  /** Begins to read from the disk what the optimizer updates. */
  fetchState(): void {
    this.#trained?.offloaded?.fetch();
  }

  /** Begins to write it back and gives its memory back. */
  evictState(): void {
    this.#trained?.offloaded?.evict();
  }

  /** Moments of a parameter's part beside the unit's shard: copies of the given ones, or zeros. */
  makeMoments(path: string, values?: readonly [first: Tensor, second: Tensor]): readonly [Variable, Variable] {
    const { layout, offloaded } = this.#trained as FlatShard;
    const { inShard, length } = layout.parameters.find((each) => each.path === path) as FlatParameter;
    return (offloaded as OffloadedState).makeMoments(inShard, length, values);
  }

  dispose(): void {
    for (const shard of this.#shards) shard.dispose();
    this.gradients?.dispose();
  }
}
