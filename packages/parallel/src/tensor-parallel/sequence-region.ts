import { expectation, ShapeError } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { gatherFromGroup, scatterToGroup } from "./group-operations.js";

interface Block {
  forward(x: Tensor, ...others: unknown[]): Tensor;
}

/** Cuts the tokens, dim 1, before the first of successive blocks and joins them behind the last. */
export function cutSequence(blocks: readonly Block[], path: string, group: Communicator): void {
  const first = blocks[0] as Block;
  const enter = first.forward;
  first.forward = (x, ...others) => {
    const tokens = x.shape[1] ?? 0;
    if (tokens < group.size)
      throw new ShapeError(path, `tokens for each of ${group.size} ranks`, `${tokens}`, "Use fewer ranks along tp.");
    return tidy(() => enter.call(first, scatterToGroup(x, group, { dim: 1 }), ...others));
  };
  const last = blocks.at(-1) as Block;
  const leave = last.forward;
  last.forward = (x, ...others) => tidy(() => gatherFromGroup(leave.call(last, x, ...others), group, { dim: 1 }));
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
