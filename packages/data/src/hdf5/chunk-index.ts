import { product, rowMajorStrides } from "../arrays/region.js";
import { readBtree2, recordFields } from "./btree2.js";
import { makeChunkTree } from "./chunk-tree.js";
import type { ChunkIndex } from "./dataset-messages.js";
import { readExtensibleArray } from "./extensible-array.js";
import { readFixedArray } from "./fixed-array.js";
import type { Hdf5File } from "./hdf5-file.js";

/** Where a chunk is stored, and which of its filters were left out (a bit mask). */
export interface StoredChunk {
  readonly address: number;
  readonly bytes: number;
  readonly mask: number;
}

/** Finds the chunk at a place of the grid of chunks; undefined if it was never written. */
export type FindChunk = (place: readonly number[]) => Promise<StoredChunk | undefined>;

/** What every look-up needs to know of a dataset. */
export interface ChunkGrid {
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  /** Bytes of a decoded chunk. */
  readonly chunkBytes: number;
  readonly isFiltered: boolean;
}

/** Makes the look-up for whichever index a dataset has. Indices of the newest format are read whole at first use. */
export function makeFindChunk(file: Hdf5File, index: ChunkIndex, grid: ChunkGrid): FindChunk {
  const { address } = index;
  if (index.kind === "btree1") return makeChunkTree(file, address, grid.chunkShape);
  const counts = grid.shape.map((size, dim) => Math.ceil(size / (grid.chunkShape[dim] as number)));
  const strides = rowMajorStrides(counts);
  const numberOf = (place: readonly number[]): number =>
    place.reduce((sum, at, dim) => sum + at * (strides[dim] as number), 0);
  const chunks = product(counts);
  if (address === Infinity) return async () => undefined;
  const find = findInside(file, index, grid, numberOf, chunks);
  return async (place) => (place.every((at, dim) => at < (counts[dim] as number)) ? find(place) : undefined);
}

function findInside(
  file: Hdf5File,
  index: Exclude<ChunkIndex, { kind: "btree1" }>,
  grid: ChunkGrid,
  numberOf: (place: readonly number[]) => number,
  chunks: number,
): FindChunk {
  const { address } = index;
  switch (index.kind) {
    case "single":
      return async () => ({ address, bytes: index.bytes ?? grid.chunkBytes, mask: index.mask });
    case "implicit":
      return async (place) => ({
        address: address + numberOf(place) * grid.chunkBytes,
        bytes: grid.chunkBytes,
        mask: 0,
      });
    case "fixedArray": {
      const list = once(() => readFixedArray(file, address, grid, chunks));
      return async (place) => (await list())[numberOf(place)];
    }
    case "extensibleArray": {
      const list = once(() => readExtensibleArray(file, address, grid, chunks));
      return async (place) => (await list())[numberOf(place)];
    }
    case "btree2": {
      const map = once(() => readChunkRecords(file, address, grid));
      return async (place) => (await map()).get(place.join(","));
    }
  }
}

/** Chunks by place, from a version 2 B-tree. Source: section III.A.2, record types 10 and 11. */
async function readChunkRecords(file: Hdf5File, address: number, grid: ChunkGrid): Promise<Map<string, StoredChunk>> {
  const { type, records } = await readBtree2(file, address);
  const chunks = new Map<string, StoredChunk>();
  for (const record of records) {
    const fields = recordFields(file, record);
    const at = fields.address();
    const sizeBytes = type === 11 ? record.length - file.sizes.addressBytes - 4 - 8 * grid.shape.length : 0;
    const bytes = type === 11 ? fields.uint(sizeBytes) : grid.chunkBytes;
    const mask = type === 11 ? fields.uint32() : 0;
    chunks.set(grid.shape.map(() => fields.uint(8)).join(","), { address: at, bytes, mask });
  }
  return chunks;
}

/** Calls `load` at the first use alone. */
function once<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => {
    value ??= load();
    return value;
  };
}
