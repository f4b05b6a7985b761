import { expectation, ShapeError } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import type { DropoutStreams } from "@graticule/nn";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { nearEqualCounts } from "./exchange-tensors.js";
import { gatherFromGroup, scatterToGroup } from "./group-operations.js";

interface Block {
  forward(x: Tensor, streams?: DropoutStreams): Tensor;
}

/** Cuts the tokens, dim 1, before the first of successive blocks and joins them behind the last. */
export function cutSequence(blocks: readonly Block[], path: string, group: Communicator): void {
  let firstToken = 0; // of this rank's, in the forward pass that goes on
  for (const [index, block] of blocks.entries()) {
    const forward = block.forward.bind(block);
    block.forward = (x, streams) =>
      tidy(() => {
        const own = index === 0 ? enter(x) : x;
        // What is dropped of a token depends on its place among all.
        const placed =
          streams && Object.assign((...asked: Parameters<DropoutStreams>) => streams(...asked), { firstToken });
        const y = forward(own, placed);
        return index === blocks.length - 1 ? gatherFromGroup(y, group, { dim: 1 }) : y;
      });
  }

  function enter(x: Tensor): Tensor {
    const tokens = x.shape[1] ?? 0;
    if (tokens < group.size)
      throw new ShapeError(path, `tokens for each of ${group.size} ranks`, `${tokens}`, "Use fewer ranks along tp.");
    const counts = nearEqualCounts(tokens, group.size);
    firstToken = counts.slice(0, group.rank).reduce((sum, count) => sum + count, 0);
    return scatterToGroup(x, group, { dim: 1, counts });
  }
}

/** Runs of blocks: those of each list, by its path. */
export function blockLists(paths: readonly string[]): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const path of paths) {
    const list = path.replace(/\.\d+$/, "");
    if (list === path)
      throw new RangeError(
        expectation("tensorParallel", "sequence to select elements of lists, such as 'blocks.*'", `'${path}'`),
      );
    lists.set(list, [...(lists.get(list) ?? []), path]);
  }
  return lists;
}
