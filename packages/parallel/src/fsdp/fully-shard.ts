import { expectation, selectPaths } from "@graticule/core";
import { recordOperations } from "@graticule/mpi";
import type { Module, Parameter } from "@graticule/nn";
import { copyStorage, type StoredFloat } from "@graticule/tfjs-backend-torch";
import { engine, type Tensor, tensor1d, type Variable } from "@tensorflow/tfjs-core";
import { broadcastParameter } from "../broadcast-parameter.js";
import { gatherValues } from "../gather-values.js";
import type { Mesh } from "../mesh.js";
import type { OwnedPart } from "../owned-part.js";
import { findHolders, type ParameterHolders } from "../parameter-holders.js";
import type { RankStrategy } from "../rank-strategy.js";
import { reduceStatistics } from "../reduce-statistics.js";
import { ShardUnit } from "./shard-unit.js";
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
 * freed after each, its gradients reduced and cut as soon as they are there. Changes the model in place; recompute, where it
 * is wanted, is applied before. Takes the values of rank 0; of a model built inside `deferInitialization` no rank ever
 * holds more than a unit. Every rank must use the same units in the same order. Collective.
 *
 * Source: Rajbhandari et al. 2020, §5, arXiv:1910.02054; Zhao et al. 2023, arXiv:2304.11277.
 *
 * @throws {RangeError} if a pattern matches nothing, or a module is in two units.
 * @throws {TypeError} if the backend is not torch on the CPU, or a unit has no `forward`.
 */
export function fullyShard(model: Module, mesh: Mesh, options: FullyShardOptions): FullyShard {
  const { reshardAfterForward = true, backwardPrefetch = "BACKWARD_PRE", forwardPrefetch = false } = options;
  const { computeDtype = "float32", reduceDtype = "float32" } = options;
  if (engine().backendName !== "torch")
    throw new TypeError(
      expectation("fullyShard", "backend torch, which can free a tensor's memory", engine().backendName),
    );
  const modules = new Map(model.namedModules());
  const paths = unitPaths(options.units, modules);
  const dtypes = { computeDtype, reduceDtype };
  const rest: [string, Parameter][] = [];
  const grouped = new Map<string, [string, Parameter][]>(paths.map((path) => [path, []]));
  for (const [path, parameter] of model.namedParameters()) {
    if (!parameter.trainable) broadcastParameter(parameter, mesh.data);
    else (grouped.get(paths.find((unit) => path.startsWith(`${unit}.`)) ?? "") ?? rest).push([path, parameter]);
  }
  const units = new Map(Array.from(grouped, ([path, members]) => [path, new ShardUnit(members, mesh, dtypes)]));
  const root = rest.length > 0 ? new ShardUnit(rest, mesh, dtypes) : undefined;
  const schedule = new UnitSchedule(root, units, { reshardAfterForward, backwardPrefetch, forwardPrefetch });
  schedule.hook(modules);

  const all = [...units.values(), ...(root ? [root] : [])];
  const unitOf = new Map(all.flatMap((unit) => Array.from(unit.pieces.keys(), (path) => [path, unit] as const)));
  const holders = findHolders(model, mesh);
  /** Units whose reductions are under way, oldest first. */
  const reducing: ShardUnit[] = [];
  let means = new Map<string, Tensor>();

  function reduce(unit: ShardUnit): void {
    unit.gradients.startReduction();
    reducing.push(unit);
    if (reducing.length > REDUCTIONS_AHEAD) (reducing.shift() as ShardUnit).gradients.settle();
    schedule.leaveBackward(unit);
  }

  return {
    rank: mesh.world.rank,
    worldSize: mesh.world.size,
    ownParameters: (parameters) =>
      Array.from(parameters, ([path, parameter]) => {
        const variable = unitOf.get(path)?.pieces.get(path);
        return [path, variable ? { variable, shape: variable.shape, trainable: true } : parameter];
      }),
    parts: new Map(all.flatMap((unit) => ownedParts(unit, holders))),
    foreign: holders.foreign,
    beforeForward() {
      reduceIncomplete();
      schedule.begin();
    },
    takeGradient(path, gradient) {
      const unit = unitOf.get(path) as ShardUnit;
      if (unit.gradients.add(path, gradient)) reduce(unit);
    },
    async finishGradients() {
      reduceIncomplete();
      schedule.releaseAll();
      for (const unit of reducing.splice(0)) unit.gradients.settle();
      means = new Map(all.flatMap((unit) => [...unit.gradients.take()]));
      return means;
    },
    reduceStatistics: (numbers) => reduceStatistics(numbers, holders, mesh),
    releaseGradients() {
      for (const mean of means.values()) mean.dispose();
      means = new Map();
      reducing.length = 0;
      for (const unit of all) unit.gradients.discard();
      schedule.releaseAll();
    },
    gather: (value) => gatherValues(value, mesh.world),
    recordCommunication: recordOperations,
    dispose() {
      for (const unit of all) unit.dispose();
    },
  };

  /** Units of which only some parameters have a gradient. */
  function reduceIncomplete(): void {
    for (const unit of [...all].reverse()) if (unit.gradients.isBegun) reduce(unit);
  }
}

function ownedParts({ layout, pieces }: ShardUnit, { isFirst }: ParameterHolders): [path: string, part: OwnedPart][] {
  return layout.parameters.map(({ path, parameter: { globalShape: shape, slice }, start, length }) => {
    const values = pieces.get(path) as Variable;
    const isSaved = isFirst(path);
    const assign = (own: Float32Array): void => {
      const source = tensor1d(own);
      // In place: the values lie in the unit's shard.
      copyStorage(source, values);
      source.dispose();
    };
    return [path, { shape, ...(slice && { slice }), start, length, values, assign, isSaved }];
  });
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
