import type { Communicator, Request } from "@graticule/mpi";
import type { Parameter } from "@graticule/nn";
import {
  copyStorage,
  dataPointer,
  placeStorage,
  releaseStorage,
  type StoredFloat,
} from "@graticule/tfjs-backend-torch";
import { type Tensor, tidy, type Variable, variable, zeros } from "@tensorflow/tfjs-core";
import { broadcastParameter } from "../broadcast-parameter.js";
import type { Mesh } from "../mesh.js";
import { type FlatLayout, layOutFlat } from "./flat-layout.js";
import { OffloadedState, type StateHome } from "./offloaded-state.js";
import { makeFloats, restoreFloats } from "./stored-floats.js";

export interface FlatShardOptions {
  /** What the parameters are gathered in. */
  readonly dtype: StoredFloat;
  /** Where the shard lies; the device's memory if absent. */
  readonly home?: StateHome;
  /** Whether there is room for the optimizer's moments too. */
  readonly hasMoments: boolean;
}

/**
 * Parameters in one flat buffer, of which this rank keeps a float32 shard alone. While they are gathered the model's
 * variables lie in a buffer of all shards.
 */
export class FlatShard {
  readonly layout: FlatLayout;
  /** By path, this rank's part of each parameter, in the shard's memory. */
  readonly pieces: ReadonlyMap<string, Variable>;
  /** Where the shard lies, if not in the device's memory. */
  readonly offloaded: OffloadedState | undefined;
  readonly #group: Communicator;
  readonly #dtype: StoredFloat;
  /** Of this rank. Shape: `[shardSize]`. */
  readonly #shard: Tensor;
  /** All ranks' shards, without memory while they are not gathered; `#own` is this rank's part of it. */
  readonly #full: Tensor;
  readonly #own: Tensor;
  /** One rank's float32 shard is the whole: nothing is gathered or freed. */
  readonly #isAlone: boolean;
  #gather: Request | undefined;
  #state: "parts" | "gathering" | "whole" = "parts";

  /** Takes the values of rank 0, one parameter at a time, and frees the variables' memory. Collective. */
  constructor(
    parameters: readonly (readonly [path: string, parameter: Parameter])[],
    mesh: Mesh,
    { dtype, home, hasMoments }: FlatShardOptions,
  ) {
    this.#group = mesh.axis("fsdp");
    this.#dtype = dtype;
    const { rank, size } = this.#group;
    this.#isAlone = size === 1 && dtype === "float32" && home === undefined;
    this.layout = layOutFlat(parameters, size, rank);
    const { shardSize } = this.layout;
    this.#shard = makeFloats(shardSize, "float32");
    if (home !== undefined) this.offloaded = new OffloadedState(this.#shard, home, hasMoments ? 2 : 0);
    this.#full = makeFloats(size * shardSize, dtype);
    releaseStorage(this.#full);
    this.#own = makeFloats(shardSize, dtype);
    releaseStorage(this.#own);
    const pieces = new Map<string, Variable>();
    for (const { path, parameter, start, length, inShard } of this.layout.parameters) {
      broadcastParameter(parameter, mesh.data);
      const piece = tidy(() => variable(zeros([length]), false));
      if (this.offloaded) this.offloaded.place(piece, inShard);
      else placeStorage(piece, this.#shard, inShard);
      const values = makeFloats(length, "float32");
      placeStorage(values, parameter.variable, start);
      copyStorage(values, piece);
      values.dispose();
      releaseStorage(parameter.variable);
      pieces.set(path, piece);
    }
    this.pieces = pieces;
    this.offloaded?.evict();
    if (this.#isAlone) this.#placeVariables();
  }

  /** Begins to gather, if it has not. */
  startGather(): void {
    if (this.#state !== "parts" || this.#isAlone) return;
    const { rank, size } = this.#group;
    restoreFloats(this.#full, this.#dtype);
    placeStorage(this.#own, this.#full, rank * this.layout.shardSize);
    copyStorage(this.#shard, this.#own);
    this.offloaded?.evictShard();
    if (size > 1) this.#gather = this.#group.startAllGather(dataPointer(this.#own), dataPointer(this.#full));
    this.#state = "gathering";
  }

  /** Gathers, if it has not, and gives the model its variables. */
  finishGather(): void {
    if (this.#state === "whole") return;
    this.startGather();
    this.#gather?.waitSync();
    this.#gather = undefined;
    this.#placeVariables();
    this.#state = "whole";
  }

  #placeVariables(): void {
    const whole = this.#isAlone ? this.#shard : this.#full;
    for (const { parameter, offset } of this.layout.parameters) placeStorage(parameter.variable, whole, offset);
  }

  /** Frees the gathered parameters; any use of the variables throws until they are gathered again. */
  release(): void {
    if (this.#state === "parts") return;
    this.#state = "parts";
    if (this.#isAlone) return;
    this.#gather?.waitSync();
    this.#gather = undefined;
    for (const { parameter } of this.layout.parameters) releaseStorage(parameter.variable);
    releaseStorage(this.#own);
    releaseStorage(this.#full);
  }

  /** Begins to read the shard from the disk, if it is there and not gathered. */
  fetch(): void {
    if (this.#state === "parts") this.offloaded?.fetchShard();
  }

  dispose(): void {
    this.release();
    for (const tensor of [this.#shard, this.#full, this.#own, ...this.pieces.values()]) tensor.dispose();
    this.offloaded?.dispose();
  }
}
