import { runOperation } from "@graticule/autodiff";
import type { Communicator } from "@graticule/mpi";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  allGathered,
  allReduced,
  type Counts,
  lengthsOf,
  nearEqualCounts,
  ownPart,
  reduceScattered,
} from "./exchange-tensors.js";

/*
 * Operations between the ranks of a group that gradients pass. Every rank has to call the same ones in the same order, and
 * differentiate by the same of them: what is trained must not differ between the ranks of a group. Where one says that a
 * gradient is summed, each rank's gradient is that of its own part of the computation, and the sum is the whole one; where
 * it says that a gradient is the same on all ranks, what follows must be computed alike on all.
 *
 * Source: Shoeybi et al. 2019 (Megatron-LM), §3, arXiv:1909.08053; Korthikanti et al. 2022, §4.2.2, arXiv:2205.05198.
 */

/** What all ranks have alike, for use in parts: the identity, whose gradient is summed over the ranks. */
export function copyToGroup(x: Tensor, group: Communicator): Tensor {
  return operation("CopyToGroup", x, {
    forward: () => x.clone(),
    backward: (dy) => allReduced(dy, group),
  });
}

/** The sum of all ranks' x, on every rank; the gradient is the same on all ranks. */
export function reduceFromGroup(x: Tensor, group: Communicator): Tensor {
  return operation("ReduceFromGroup", x, {
    forward: () => allReduced(x, group),
    backward: (dy) => dy.clone(),
  });
}

export interface AlongDim {
  readonly dim: number;
  /** Indices of each rank along the dim. Default: those of the ranks' tensors, or near-equal parts of a whole. */
  readonly counts?: Counts;
}

/** All ranks' parts joined along a dim; the gradient, the same on all ranks, is cut again, without communication. */
export function gatherFromGroup(x: Tensor, group: Communicator, along: AlongDim): Tensor {
  const { dim, counts = lengthsOf(x, along.dim, group) } = along;
  return operation("GatherFromGroup", x, {
    forward: () => allGathered(x, dim, counts, group),
    backward: (dy) => ownPart(dy, dim, counts, group.rank),
  });
}

/** This rank's part of what all have alike; the ranks' gradients are joined. */
export function scatterToGroup(x: Tensor, group: Communicator, along: AlongDim): Tensor {
  const { dim, counts = parts(x, along.dim, group) } = along;
  return operation("ScatterToGroup", x, {
    forward: () => ownPart(x, dim, counts, group.rank),
    backward: (dy) => allGathered(dy, dim, counts, group),
  });
}

/** All ranks' parts joined along a dim, for use in parts: the gradients are summed and cut (reduce-scatter). */
export function gatherToGroup(x: Tensor, group: Communicator, along: AlongDim): Tensor {
  const { dim, counts = lengthsOf(x, along.dim, group) } = along;
  return operation("GatherToGroup", x, {
    forward: () => allGathered(x, dim, counts, group),
    backward: (dy) => reduceScattered(dy, dim, counts, group),
  });
}

/** This rank's part, along a dim, of the sum of all ranks' x; the ranks' gradients are joined. */
export function reduceScatterFromGroup(x: Tensor, group: Communicator, along: AlongDim): Tensor {
  const { dim, counts = parts(x, along.dim, group) } = along;
  return operation("ReduceScatterFromGroup", x, {
    forward: () => reduceScattered(x, dim, counts, group),
    backward: (dy) => allGathered(dy, dim, counts, group),
  });
}

const parts = (x: Tensor, dim: number, { size }: Communicator): Counts => nearEqualCounts(x.shape[dim] as number, size);

function operation(
  name: string,
  x: Tensor,
  { forward, backward }: { readonly forward: () => Tensor; readonly backward: (dy: Tensor) => Tensor },
): Tensor {
  // Not named x: a node whose only output shares the memory of `x` is what tfjs records when it saves a tensor.
  return runOperation({
    name,
    inputs: { value: x },
    run: forward,
    gradients: (dy) => ({ value: backward(dy) }),
  });
}
