import { expectation } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import type { Module } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { copyToGroup, gatherFromGroup } from "../tensor-parallel/group-operations.js";

/** The root of a tree of channel groups, by its structure: `ChannelGroup` of @graticule/models. */
interface ChannelRoot extends Module {
  readonly groups: readonly Module[];
  readonly heldChannels: readonly number[];
  shareGroups(sharing: {
    readonly own: readonly number[];
    readonly enter: (x: Tensor) => Tensor;
    readonly gather: (tokens: Tensor) => Tensor;
  }): void;
}

/**
 * Distributed channel aggregation (D-CHAG): each rank of a group keeps G / size successive groups of channels, their patch
 * embeddings, channel embeddings and reducers, and frees the others. Forward, one all-gather brings the groups' tokens, one
 * for each position, to all ranks; backward each rank cuts its own out of the gradient, without communication. What comes
 * after may be divided by `tensorParallel`, with `crossAttentionPlan("channels.attn")` for the last aggregation.
 *
 * Changes the model in place. Built inside `deferInitialization` no rank ever holds other ranks' groups. What is trained
 * must not differ between the ranks.
 *
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411.
 *
 * @param path of the module with the groups.
 * @returns this rank's channels, by their position among all, rising: its images need to have only these.
 * @throws {RangeError} if there are no groups at the path, or the ranks don't divide their number.
 */
export function distributeChannels(model: Module, group: Communicator, path = "channels"): readonly number[] {
  const root = model.namedModules().find(([each]) => each === path)?.[1];
  if (!isChannelRoot(root))
    throw new RangeError(expectation("distributeChannels", `a tree of channel groups at '${path}'`, "none"));
  const groups = root.groups.length;
  if (groups === 0 || groups % group.size !== 0)
    throw new RangeError(
      expectation(
        "distributeChannels",
        `${group.size} ranks to divide the groups of '${path}'`,
        `${groups} groups`,
        "Build the model with one group of channels, or several, for each rank along tp.",
      ),
    );
  if (group.size > 1) {
    const count = groups / group.size;
    root.shareGroups({
      own: Array.from({ length: count }, (_, index) => group.rank * count + index),
      enter: (x) => copyToGroup(x, group),
      gather: (tokens) => gatherFromGroup(tokens, group, { dim: 1, counts: new Array<number>(group.size).fill(count) }),
    });
  }
  return root.heldChannels;
}

function isChannelRoot(module: Module | undefined): module is ChannelRoot {
  return module !== undefined && "groups" in module && "shareGroups" in module;
}
