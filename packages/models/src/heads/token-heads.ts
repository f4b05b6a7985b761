import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { checkHeadConfig, type HeadConfig, headBlocks } from "./head-config.js";
import { LinearHead, PooledHead } from "./linear-head.js";
import { UperNetHead } from "./uper-net-head.js";

export type TokenHead = LinearHead | PooledHead | UperNetHead;

/** What heads stand on. */
interface Encoder {
  readonly embedDim: number;
  readonly depth: number;
}

/** @throws {RangeError} if there is no such head on so many blocks. */
export function makeHeads(heads: readonly HeadConfig[], { embedDim, depth }: Encoder): TokenHead[] {
  return heads.map((head) => {
    checkHeadConfig(head, depth);
    if (head.kind === "upernet") return new UperNetHead(embedDim, head.width, head.outputs);
    return head.kind === "linear" ? new LinearHead(embedDim, head.outputs) : new PooledHead(embedDim, head.outputs);
  });
}

/**
 * The outputs of each head on the maps `[B, h, w, D]` that an encoder gives of the blocks asked for, each once.
 *
 * Shape: for each head `[B, outputs]` (pooled) or `[B, H, W, outputs]`.
 */
export function applyHeads(
  modules: readonly TokenHead[],
  {
    heads,
    depth,
    imageSize,
  }: Encoder & { readonly heads: readonly HeadConfig[]; readonly imageSize: readonly [number, number] },
  mapsOf: (blocks: readonly number[]) => readonly Tensor[],
): Tensor[] {
  return tidy(() => {
    const read = heads.map((head) => headBlocks(head, depth));
    const blocks = [...new Set(read.flat())];
    const maps = mapsOf(blocks);
    return modules.map((head, index) =>
      head.forward(
        (read[index] as readonly number[]).map((block) => maps[blocks.indexOf(block)] as Tensor),
        imageSize,
      ),
    );
  });
}
