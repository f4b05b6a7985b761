import { expectation } from "@graticule/core";
import { recordOperations } from "@graticule/mpi";
import type { Module } from "@graticule/nn";
import { add, keep, type Tensor } from "@tensorflow/tfjs-core";
import { broadcastParameter } from "../broadcast-parameter.js";
import { gatherValues } from "../gather-values.js";
import type { Mesh } from "../mesh.js";
import type { OwnedPart } from "../owned-part.js";
import { findHolders } from "../parameter-holders.js";
import type { RankStrategy } from "../rank-strategy.js";
import { reduceStatistics } from "../reduce-statistics.js";
import { makeGradientBuckets } from "./gradient-buckets.js";
import { planBuckets } from "./plan-buckets.js";

export interface DataParallelOptions {
  /** Size of the buckets that gradients travel in; 25 unless given, PyTorch's. Units: MiB. */
  readonly bucketMegabytes?: number;
}

/** What `train` of `@graticule/train` takes as its `strategy`. */
export interface DataParallel extends RankStrategy {
  ownParameters<P>(parameters: P): P;
}

/**
 * Trains the whole model on every rank with other data each: gradients are averaged over axis `dp` while the backward
 * pass goes on. Brings the weights of rank 0 to all first. Collective.
 *
 * A step equals that of one rank on the global batch if each rank's part of it has as many samples and the loss is their
 * mean; an incomplete last batch weighs its ranks alike. Parameters that a rank's loss does not depend on count as zero
 * there.
 *
 * Source: Li et al. 2020, arXiv:2006.15704.
 *
 * @throws {RangeError} if `bucketMegabytes` is not above 0, or the mesh has ranks along `fsdp`.
 */
export function dataParallel(
  model: Module,
  mesh: Mesh,
  { bucketMegabytes = 25 }: DataParallelOptions = {},
): DataParallel {
  if (!(bucketMegabytes > 0))
    throw new RangeError(expectation("dataParallel", "bucketMegabytes above 0", `${bucketMegabytes}`));
  const { fsdp } = mesh.sizes;
  if (fsdp !== 1)
    throw new RangeError(
      expectation("dataParallel", "a mesh with fsdp 1", `${fsdp}`, "Use fullyShard, or give these ranks to dp."),
    );
  const group = mesh.axis("dp");
  const parameters = model.namedParameters().filter(([, { trainable }]) => trainable);
  for (const [, parameter] of model.namedParameters()) broadcastParameter(parameter, group);
  const shapes = new Map(parameters.map(([path, { shape }]) => [path, shape]));
  const sized = parameters.map(([path, { size }]) => ({ path, size }));
  const buckets = makeGradientBuckets(planBuckets(sized, bucketMegabytes * 2 ** 20), shapes, group);
  const holders = findHolders(model, mesh);
  const parts = new Map(
    model.namedParameters().flatMap(([path, parameter]): [string, OwnedPart][] => {
      const { globalShape: shape, slice, size: length, variable: values } = parameter;
      if (!slice && !holders.exclusive.has(path)) return [];
      const assign = (own: Float32Array): void => parameter.assignSlice(own);
      const isSaved = holders.isFirst(path);
      return [[path, { shape, ...(slice && { slice }), start: 0, length, values, assign, isSaved }]];
    }),
  );
  const sums = new Map<string, Tensor>();
  let means: ReadonlyMap<string, Tensor> = new Map();

  function addTo(path: string, gradient: Tensor): Tensor {
    const before = sums.get(path);
    if (!before) return gradient;
    sums.delete(path);
    const sum = keep(add(before, gradient));
    before.dispose();
    gradient.dispose();
    return sum;
  }

  return {
    rank: mesh.world.rank,
    worldSize: mesh.world.size,
    ownParameters: (own) => own,
    parts,
    foreign: holders.foreign,
    beforeForward: () => {},
    takeGradient(path, gradient, isLastMicroStep) {
      const sum = addTo(path, gradient);
      if (isLastMicroStep) buckets.add(path, sum);
      else sums.set(path, sum);
    },
    async finishGradients() {
      // Gradients of earlier micro-steps alone.
      for (const [path, sum] of sums) buckets.add(path, sum);
      sums.clear();
      means = await buckets.finish();
      return means;
    },
    reduceStatistics: (numbers) => reduceStatistics(numbers, holders, mesh),
    releaseGradients() {
      for (const tensor of [...sums.values(), ...means.values()]) tensor.dispose();
      sums.clear();
      means = new Map();
      buckets.discard();
    },
    gather: (value) => gatherValues(value, mesh.world),
    recordCommunication: recordOperations,
  };
}
