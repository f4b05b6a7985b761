import { expectation, selectPaths } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import { Module, type Parameter } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { cutInputs, cutOutputs, type Layer } from "./cut-layers.js";
import { copyToGroup } from "./group-operations.js";
import type { Shard, TensorParallelPlan } from "./plan.js";
import { blockLists, cutSequence } from "./sequence-region.js";

export interface TensorParallelOptions {
  /**
   * Pattern of the blocks, such as `{blocks,decoder_blocks}.*`, between whose layers each rank has a part of the tokens:
   * norms, residuals and what they keep are divided, too.
   *
   * Source: Korthikanti et al. 2022, §4.2.2, arXiv:2205.05198.
   */
  readonly sequence?: string;
}

/** A module whose attention shares one entry for queries, keys and values. */
interface Entry {
  enter(x: Tensor): Tensor;
}

interface PlannedLayer {
  readonly path: string;
  readonly layer: Layer;
  readonly weight: Shard;
  readonly parent: Module | undefined;
}

/**
 * Divides layers among the ranks of a group by a plan; every rank then computes what one process would, from the same
 * inputs. Changes the model in place and returns it. Each rank keeps its slices of the parameters; build the model inside
 * `deferInitialization` and no rank ever holds the whole. Recompute, where it is wanted, is applied before.
 *
 * Adapters are divided with their layers.
 *
 * @throws {TypeError} if a layer has an adapter that can't be divided.
 * @throws {RangeError} if a pattern matches nothing, layers are cut in part only, or the ranks don't divide heads or widths;
 * nothing is changed then.
 */
export function tensorParallel<M extends Module>(
  model: M,
  group: Communicator,
  plan: TensorParallelPlan,
  { sequence }: TensorParallelOptions = {},
): M {
  const modules = new Map(model.namedModules());
  const parameters = new Map(model.namedParameters());
  const shards = shardsByPath(plan, [...parameters.keys()]);
  const layers = layersOf(shards, modules, parameters, group.size);
  for (const { path, layer, weight, parent } of layers) {
    checkHeads(path, layer, weight, parent, group.size);
    if (parent && "adapter" in parent && parent.adapter)
      throw new TypeError(
        expectation("tensorParallel", `'${parentOf(path)}' without virtual tokens`, "a prefix", "Use other adapters."),
      );
  }
  for (const [path, each] of shards) checkDivides(path, parameters.get(path) as Parameter, each, group.size);
  const selected = sequence === undefined ? [] : selectPaths(sequence, modules.keys());
  const lists = blockLists(selected);
  if (group.size === 1) return model;

  for (const [path, each] of shards) keepOwn(parameters.get(path) as Parameter, each, group);
  for (const { layer } of layers)
    if (layer.weight.slice) layer.adapter?.divide(layer.weight.slice, (x) => copyToGroup(x, group));
  for (const { path, layer, weight, parent } of layers) {
    const cut = { group, isInSequence: selected.some((block) => path.startsWith(`${block}.`)) };
    if (weight.dim === 1) cutInputs(layer, cut);
    else if (hasEntry(parent)) parent.enter = (x) => copyToGroup(x, group);
    else cutOutputs(layer, cut, weight.output);
  }
  for (const [list, paths] of lists)
    cutSequence(
      paths.map((path) => modules.get(path) as Module & { forward(x: Tensor): Tensor }),
      list,
      group,
    );
  return model;
}

function shardsByPath(plan: TensorParallelPlan, paths: readonly string[]): Map<string, Shard> {
  const shards = new Map<string, Shard>();
  for (const [pattern, each] of plan)
    for (const path of selectPaths(pattern, paths)) {
      if (shards.has(path))
        throw new RangeError(expectation("tensorParallel", `one pattern for '${path}'`, `a second one, '${pattern}'`));
      shards.set(path, each);
    }
  return shards;
}

function layersOf(
  shards: ReadonlyMap<string, Shard>,
  modules: ReadonlyMap<string, Module>,
  parameters: ReadonlyMap<string, Parameter>,
  ranks: number,
): PlannedLayer[] {
  const paths = new Map(Array.from(shards.keys(), (path) => [parentOf(path), path]));
  return Array.from(paths, ([path, planned]) => {
    const weight = shards.get(`${path}.weight`);
    const layer = modules.get(path) as unknown as Layer;
    if (!weight || typeof layer.forward !== "function")
      throw new RangeError(
        expectation("tensorParallel", "parameters of layers whose weight is cut", `'${planned}' of something else`),
      );
    const bias = shards.get(`${path}.bias`);
    const needsBias = weight.dim === 0 && parameters.has(`${path}.bias`);
    if (needsBias ? bias?.dim !== 0 || bias.parts !== weight.parts : bias)
      throw new RangeError(
        expectation(
          "tensorParallel",
          needsBias ? `'${path}.bias' cut as its weight` : `'${path}.bias' whole, as its weight is cut by inputs`,
          bias ? `dim ${bias.dim} cut in ${bias.parts} × ${ranks}` : "a whole one",
        ),
      );
    return { path, layer, weight, parent: modules.get(parentOf(path)) };
  });
}

function checkDivides(path: string, { globalShape }: Parameter, { dim, parts }: Shard, ranks: number): void {
  const length = globalShape[dim];
  if (length === undefined || length % (parts * ranks) !== 0)
    throw new RangeError(
      expectation(
        "tensorParallel",
        `${parts > 1 ? `${parts} parts × ` : ""}${ranks} ranks to divide dim ${dim} of '${path}'`,
        `[${globalShape.join(", ")}]`,
        "Choose another number of ranks along tp, or leave the layer out of the plan.",
      ),
    );
}

function checkHeads(path: string, layer: Layer, { dim }: Shard, parent: Module | undefined, ranks: number): void {
  const heads = parent && "numHeads" in parent ? (parent.numHeads as number) : ranks;
  if (heads % ranks === 0) return;
  const width = layer.weight.globalShape[1 - dim] as number;
  throw new RangeError(
    expectation(
      "tensorParallel",
      `${ranks} ranks to divide the heads of '${parentOf(path)}'`,
      `${heads} heads × ${width / heads} = ${width}`,
      `Choose tp among ${divisors(heads).join(", ")}.`,
    ),
  );
}

function keepOwn(parameter: Parameter, { dim, parts }: Shard, { rank, size }: Communicator): void {
  const part = (parameter.globalShape[dim] as number) / parts;
  const count = part / size;
  const ranges = Array.from({ length: parts }, (_, index) => {
    const first = index * part + rank * count;
    return [first, first + count] as const;
  });
  parameter.keepSlice({ dim, ranges });
}

const hasEntry = (module: Module | undefined): module is Module & Entry =>
  module instanceof Module && "enter" in module;

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("."), 0));

const divisors = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index + 1).filter((divisor) => count % divisor === 0);
