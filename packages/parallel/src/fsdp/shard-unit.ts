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
import { GradientShard } from "./gradient-shard.js";
import { makeFloats, restoreFloats } from "./stored-floats.js";

export interface ShardUnitOptions {
  readonly computeDtype: StoredFloat;
  readonly reduceDtype: StoredFloat;
}

/**
 * Parameters that are gathered and freed together. Between uses this rank has a float32 shard of them alone; while they
 * are gathered, the model's variables lie in one buffer of all shards.
 */
export class ShardUnit {
  readonly layout: FlatLayout;
  readonly gradients: GradientShard;
  /** What the optimizer updates: by path, this rank's part of each parameter, in the shard's memory. */
  readonly pieces: ReadonlyMap<string, Variable>;
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
    { computeDtype, reduceDtype }: ShardUnitOptions,
  ) {
    this.#group = mesh.axis("fsdp");
    this.#dtype = computeDtype;
    const { rank, size } = this.#group;
    this.#isAlone = size === 1 && computeDtype === "float32";
    this.layout = layOutFlat(parameters, size, rank);
    const { shardSize } = this.layout;
    this.#shard = makeFloats(shardSize, "float32");
    this.#full = makeFloats(size * shardSize, computeDtype);
    releaseStorage(this.#full);
    this.#own = makeFloats(shardSize, computeDtype);
    releaseStorage(this.#own);
    const pieces = new Map<string, Variable>();
    for (const { path, parameter, offset, start, length } of this.layout.parameters) {
      broadcastParameter(parameter, mesh.data);
      const piece = tidy(() => variable(zeros([length]), false));
      placeStorage(piece, this.#shard, length > 0 ? offset + start - rank * shardSize : 0);
      const values = makeFloats(length, "float32");
      placeStorage(values, parameter.variable, start);
      copyStorage(values, piece);
      values.dispose();
      releaseStorage(parameter.variable);
      pieces.set(path, piece);
    }
    this.pieces = pieces;
    this.gradients = new GradientShard(this.layout, mesh, reduceDtype);
    if (this.#isAlone) this.#placeVariables();
  }

  /** Begins to gather, if it has not. */
  startGather(): void {
    if (this.#state !== "parts" || this.#isAlone) return;
    const { rank, size } = this.#group;
    restoreFloats(this.#full, this.#dtype);
    placeStorage(this.#own, this.#full, rank * this.layout.shardSize);
    copyStorage(this.#shard, this.#own);
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

  dispose(): void {
    this.release();
    this.gradients.dispose();
    for (const tensor of [this.#shard, this.#full, this.#own, ...this.pieces.values()]) tensor.dispose();
  }
}
