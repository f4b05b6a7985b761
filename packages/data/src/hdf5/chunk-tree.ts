import { makeChunkCache } from "../arrays/chunk-cache.js";
import type { FindChunk, StoredChunk } from "./chunk-index.js";
import type { Hdf5File } from "./hdf5-file.js";

/** A node's children: their first chunks' offsets in elements, [children, rank]. */
interface TreeNode {
  readonly level: number;
  readonly count: number;
  readonly offsets: Float64Array;
  readonly bytes: Uint32Array;
  readonly masks: Uint32Array;
  readonly addresses: Float64Array;
}

const KEPT_NODE_BYTES = 2 ** 23;
/** The library writes up to 64 children in a node; files may choose more. */
const READ_AHEAD_BYTES = 2 ** 13;

/**
 * Makes the look-up in a version 1 B-tree of chunks, as NetCDF-4 writes them. Nodes are read when first needed.
 *
 * Source: HDF5 File Format Specification 3.0, section III.A.1, node type 1.
 */
export function makeChunkTree(file: Hdf5File, root: number, chunkShape: readonly number[]): FindChunk {
  const rank = chunkShape.length;
  const { addressBytes } = file.sizes;
  const keyBytes = 8 + 8 * (rank + 1);
  const nodes = makeChunkCache<TreeNode>(KEPT_NODE_BYTES);

  async function readNode(address: number): Promise<TreeNode> {
    const prefix = 8 + 2 * addressBytes;
    let fields = await file.fieldsUpTo(address, READ_AHEAD_BYTES, "chunk tree's node");
    fields.signature("TREE");
    const type = fields.uint8();
    const level = fields.uint8();
    const count = fields.uint16();
    if (type !== 1) throw fields.broken("a node of chunks", `type ${type}`);
    const length = prefix + count * (keyBytes + addressBytes);
    if (length > READ_AHEAD_BYTES) fields = await file.fields(address, length, "chunk tree's node");
    fields.at = prefix;
    const node: TreeNode = {
      level,
      count,
      offsets: new Float64Array(count * rank),
      bytes: new Uint32Array(count),
      masks: new Uint32Array(count),
      addresses: new Float64Array(count),
    };
    for (let child = 0; child < count; child++) {
      node.bytes[child] = fields.uint32();
      node.masks[child] = fields.uint32();
      for (let dim = 0; dim < rank; dim++) node.offsets[child * rank + dim] = fields.uint(8);
      fields.skip(8);
      node.addresses[child] = fields.address();
    }
    return node;
  }

  /** The last child whose first chunk is not after `offsets`; −1 if all are. */
  function childOf(node: TreeNode, offsets: readonly number[]): number {
    let low = 0;
    let high = node.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(node, middle, offsets) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  function compare(node: TreeNode, child: number, offsets: readonly number[]): number {
    for (let dim = 0; dim < rank; dim++) {
      const difference = (node.offsets[child * rank + dim] as number) - (offsets[dim] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  return async (place) => {
    if (root === Infinity) return undefined;
    const offsets = place.map((index, dim) => index * (chunkShape[dim] as number));
    let address = root;
    let above = Infinity;
    for (;;) {
      const at = address;
      const node = await nodes.get(`${at}`, READ_AHEAD_BYTES, () => readNode(at));
      if (node.level >= above)
        throw (await file.fieldsUpTo(at, 8, "chunk tree's node")).broken(`a level below ${above}`, `${node.level}`);
      above = node.level;
      const child = childOf(node, offsets);
      if (child < 0) return undefined;
      address = node.addresses[child] as number;
      if (node.level > 0) continue;
      if (compare(node, child, offsets) !== 0) return undefined;
      return { address, bytes: node.bytes[child], mask: node.masks[child] } as StoredChunk;
    }
  };
}
