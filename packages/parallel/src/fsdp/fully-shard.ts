import { ConfigError, expectation, selectPaths } from "@graticule/core";
import { recordOperations } from "@graticule/mpi";
import type { Module, Parameter } from "@graticule/nn";
import { copyStorage, getDevice, type StoredFloat } from "@graticule/tfjs-backend-torch";
import { engine, type Tensor, tensor1d, type Variable } from "@tensorflow/tfjs-core";
import { gatherValues } from "../gather-values.js";
import type { Mesh } from "../mesh.js";
import type { OwnedPart } from "../owned-part.js";
import { findHolders, type ParameterHolders } from "../parameter-holders.js";
import type { RankStrategy } from "../rank-strategy.js";
import { reduceStatistics } from "../reduce-statistics.js";
import type { GradientShard } from "./gradient-shard.js";
import type { StateHome } from "./offloaded-state.js";
import { ShardUnit, type UnitPart } from "./shard-unit.js";
import { StateStreaming } from "./state-streaming.js";
import { type BackwardPrefetch, UnitSchedule } from "./unit-schedule.js";

export interface FullyShardOptions {
  /**
   * Patterns of the modules that are gathered and freed one by one, such as `["blocks.*"]`; each is used through its
   * `forward`. What is in none of them is gathered for the whole step.
   */
  readonly units: readonly string[];
  /** Frees parameters between forward and backward pass; true unless given. False is `SHARD_GRAD_OP`. */
  readonly reshardAfterForward?: boolean;
  /** `BACKWARD_PRE` unless given, as in PyTorch. */
  readonly backwardPrefetch?: BackwardPrefetch;
  /** False unless given. */
  readonly forwardPrefetch?: boolean;
  /**
   * Whether prefetches gather at most one unit ahead; true unless given. False gathers all units that follow in the pass:
   * more memory, and time only where communication is slow to start.
   */
  readonly limitAllGathers?: boolean;
  /**
   * Where float32 shards and the optimizer's state lie, and are updated: `host`, page-locked memory of this machine, from
   * which a unit comes to the GPU when it is used (a model on the CPU lies there anyway), or `disk`, in files of
   * `offloadFolder`; `none` unless given. Gradients stay on the device.
   */
  readonly offload?: "none" | "host" | "disk";
  /** Folder on a fast disk of the machine itself. Its files have no names, and are gone with the process. */
  readonly offloadFolder?: string;
  /** What parameters are gathered in; float32 unless given. */
  readonly computeDtype?: StoredFloat;
  /** What gradients are summed in; float32 unless given. */
  readonly reduceDtype?: StoredFloat;
}

/** What the optimizer updates in a parameter's stead. */
interface UpdatedParameter {
  readonly variable: Variable;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** Where the optimizer keeps its moments, if state is offloaded. */
  readonly stateStorage?: {
    makeMoments(values?: readonly [first: Tensor, second: Tensor]): readonly [first: Variable, second: Variable];
    beforeUpdate(): void;
  };
}

/** What `train` of `@graticule/train` takes as its `strategy`. */
export interface FullyShard extends RankStrategy {
  ownParameters<P extends UpdatedParameter>(
    parameters: Iterable<readonly [path: string, parameter: P]>,
  ): [path: string, parameter: UpdatedParameter][];
  /** Frees shards and buffers; the model's weights are gone with them. */
  dispose(): void;
}

/** Reductions of gradients that may be under way at once: more would only hold memory. */
const REDUCTIONS_AHEAD = 2;

/**
 * Trains with parameters, gradients and optimizer state divided among the ranks along `fsdp`, in replicas along `dp`. Each
 * rank keeps a float32 shard of every unit; a unit's parameters are gathered before its forward and its backward pass and
 * freed after each, its gradients reduced and cut as soon as they are there. Frozen parameters are sharded alike, without
 * gradients or moments. Changes the model in place; recompute, where it is wanted, is applied before. Takes the values of rank 0; of a model built inside `deferInitialization` no rank ever
 * holds more than a unit. Every rank must use the same units in the same order. Collective.
 *
 * Source: Rajbhandari et al. 2020, §5, arXiv:1910.02054; Zhao et al. 2023, arXiv:2304.11277.
 *
 * @throws {RangeError} if a pattern matches nothing, or a module is in two units.
 * @throws {TypeError} if the backend is not torch, or a unit has no `forward`.
 * @throws {ConfigError} if there is no folder to offload to.
 * @throws {TorchKernelError} if the disk has no room for the state.
 */
export function fullyShard(model: Module, mesh: Mesh, options: FullyShardOptions): FullyShard {
  const { reshardAfterForward = true, backwardPrefetch = "BACKWARD_PRE", forwardPrefetch = false } = options;
  const { computeDtype = "float32", reduceDtype = "float32", limitAllGathers = true } = options;
  const home = homeOf(options, mesh);
  if (engine().backendName !== "torch")
    throw new TypeError(
      expectation("fullyShard", "backend torch, which can free a tensor's memory", engine().backendName),
    );
  const modules = new Map(model.namedModules());
  const paths = unitPaths(options.units, modules);
  const storage = { computeDtype, reduceDtype, ...(home !== undefined && { home }) };
  const rest: [string, Parameter][] = [];
  const grouped = new Map<string, [string, Parameter][]>(paths.map((path) => [path, []]));
  for (const [path, parameter] of model.namedParameters())
    (grouped.get(paths.find((unit) => path.startsWith(`${unit}.`)) ?? "") ?? rest).push([path, parameter]);
  const units = new Map(Array.from(grouped, ([path, members]) => [path, new ShardUnit(members, mesh, storage)]));
  const root = rest.length > 0 ? new ShardUnit(rest, mesh, storage) : undefined;
  const prefetch = { backwardPrefetch, forwardPrefetch, limitAllGathers };
  const schedule = new UnitSchedule(root, units, { reshardAfterForward, ...prefetch });
  schedule.hook(modules);

  const all = [...units.values(), ...(root ? [root] : [])];
  const partOf = new Map(all.flatMap((unit) => unit.parts().map((part) => [part.path, { ...part, unit }] as const)));
  const streaming = home === undefined ? undefined : new StateStreaming(root, [...units.values()]);
  const holders = findHolders(model, mesh);
  /** Gradients whose reductions are under way, oldest first. */
  const reducing: GradientShard[] = [];
  let means = new Map<string, Tensor>();

  function reduce(unit: ShardUnit, gradients: GradientShard): void {
    gradients.startReduction();
    // The sum over replicas of the one before, while the next unit computes.
    reducing.at(-1)?.startReplicaSum();
    reducing.push(gradients);
    if (reducing.length > REDUCTIONS_AHEAD) reducing.shift()?.settle();
    schedule.leaveBackward(unit);
  }

  return {
    rank: mesh.world.rank,
    worldSize: mesh.world.size,
    ownParameters: (parameters) =>
      Array.from(parameters, ([path, parameter]) => {
        const part = partOf.get(path);
        return [path, part && parameter.trainable ? updated(part) : parameter];
      }),
    parts: new Map(Array.from(partOf, ([path, part]) => [path, ownedPart(part, holders)])),
    foreign: holders.foreign,
    beforeForward() {
      reduceIncomplete();
      schedule.begin();
    },
    takeGradient(path, gradient) {
      const { unit } = partOf.get(path) as { unit: ShardUnit };
      if (unit.gradients?.add(path, gradient)) reduce(unit, unit.gradients);
    },
    async finishGradients() {
      reduceIncomplete();
      schedule.releaseAll();
      for (const gradients of reducing.splice(0)) gradients.settle();
      means = new Map(all.flatMap(({ gradients }) => [...(gradients?.take() ?? [])]));
      streaming?.begin();
      return means;
    },
    reduceStatistics: (numbers) => reduceStatistics(numbers, holders, mesh),
    releaseGradients() {
      for (const mean of means.values()) mean.dispose();
      means = new Map();
      reducing.length = 0;
      for (const { gradients } of all) gradients?.discard();
      schedule.releaseAll();
      streaming?.end();
    },
    gather: (value) => gatherValues(value, mesh.world),
    recordCommunication: recordOperations,
    dispose() {
      for (const unit of all) unit.dispose();
    },
  };

  /** Units of which only some parameters have a gradient. */
  function reduceIncomplete(): void {
    for (const unit of [...all].reverse()) if (unit.gradients?.isBegun) reduce(unit, unit.gradients);
  }

  function updated({ path, piece, unit }: UnitPart & { unit: ShardUnit }): UpdatedParameter {
    const own = { variable: piece, shape: piece.shape, trainable: true };
    if (!streaming) return own;
    const beforeUpdate = (): void => streaming.enter(unit);
    return {
      ...own,
      stateStorage: {
        beforeUpdate,
        makeMoments(values) {
          beforeUpdate();
          return unit.makeMoments(path, values);
        },
      },
    };
  }
}

/** @throws {ConfigError} if there is no folder to offload to. */
function homeOf({ offload = "none", offloadFolder }: FullyShardOptions, mesh: Mesh): StateHome | undefined {
  if (offload === "none") return undefined;
  // On the CPU the whole of a rank alone is its shard: nothing would be won by another copy.
  if (offload === "host") return getDevice() === "cpu" && mesh.sizes.fsdp === 1 ? undefined : "host";
  if (offloadFolder !== undefined) return { folder: offloadFolder };
  throw new ConfigError(
    expectation("fullyShard", "an offloadFolder for offload disk", "none", "Name a folder on a fast local disk."),
  );
}

function ownedPart({ path, parameter, start, length, piece }: UnitPart, { isFirst }: ParameterHolders): OwnedPart {
  const { globalShape: shape, slice } = parameter;
  const assign = (own: Float32Array): void => {
    const source = tensor1d(own);
    // In place: the values lie in the unit's shard.
    copyStorage(source, piece);
    source.dispose();
  };
  return { shape, ...(slice && { slice }), start, length, values: piece, assign, isSaved: isFirst(path) };
}

/** The modules that the patterns select, none inside another. */
function unitPaths(patterns: readonly string[], modules: ReadonlyMap<string, Module>): string[] {
  const paths = patterns.flatMap((pattern) => selectPaths(pattern, modules.keys()));
  for (const path of paths) {
    const [outer] = paths.filter((other) => path === other || path.startsWith(`${other}.`));
    if (paths.filter((other) => path === other || path.startsWith(`${other}.`)).length === 1) continue;
    throw new RangeError(
      expectation(
        "fullyShard",
        "each module in one unit",
        path === outer ? `'${path}' twice` : `'${path}' in '${outer}' too`,
        "Select each block once.",
      ),
    );
  }
  return paths;
}
