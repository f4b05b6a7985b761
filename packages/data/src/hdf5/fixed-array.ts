import type { ChunkGrid, StoredChunk } from "./chunk-index.js";
import type { Fields } from "./fields.js";
import type { Hdf5File } from "./hdf5-file.js";

/** A dataset may have this many chunks in an index that is read whole. */
export const MAX_LISTED_CHUNKS = 2 ** 22;

/**
 * Reads all chunks of a fixed array, the index of datasets that cannot grow.
 *
 * Source: HDF5 File Format Specification 3.0, section VII.C.
 */
export async function readFixedArray(
  file: Hdf5File,
  address: number,
  grid: ChunkGrid,
  chunks: number,
): Promise<(StoredChunk | undefined)[]> {
  const { addressBytes, lengthBytes } = file.sizes;
  const header = await file.fields(address, 12 + addressBytes + lengthBytes, "fixed array");
  header.signature("FAHD");
  header.skip(2);
  const entryBytes = header.uint8();
  const pageEntries = 2 ** header.uint8();
  const entries = header.length();
  const block = header.address();
  if (entries < chunks || entries > MAX_LISTED_CHUNKS)
    throw header.broken(`${chunks} chunks, at most ${MAX_LISTED_CHUNKS}`, `${entries}`);
  const prefix = 6 + addressBytes;
  if (entries <= pageEntries) {
    const list = await file.fields(block, prefix + entries * entryBytes, "fixed array's block");
    list.signature("FADB");
    list.skip(prefix - 4);
    return Array.from({ length: entries }, () => readChunkEntry(list, entryBytes, grid));
  }
  const pages = Math.ceil(entries / pageEntries);
  const bitmapBytes = Math.ceil(pages / 8);
  const start = await file.fields(block, prefix + bitmapBytes, "fixed array's block");
  start.signature("FADB");
  start.skip(prefix - 4);
  const bitmap = start.take(bitmapBytes);
  const list: (StoredChunk | undefined)[] = [];
  let at = block + prefix + bitmapBytes + 4;
  for (let page = 0; page < pages; page++) {
    const count = Math.min(pageEntries, entries - page * pageEntries);
    const written = ((bitmap[page >> 3] as number) & (0x80 >> (page & 7))) !== 0;
    const fields = written ? await file.fields(at, count * entryBytes, "fixed array's page") : undefined;
    for (let entry = 0; entry < count; entry++)
      list.push(fields === undefined ? undefined : readChunkEntry(fields, entryBytes, grid));
    at += pageEntries * entryBytes + 4;
  }
  return list;
}

/** Reads one entry of an array of chunks: an address and, where filters change sizes, a size and a mask. */
export function readChunkEntry(fields: Fields, entryBytes: number, grid: ChunkGrid): StoredChunk | undefined {
  const { addressBytes } = fields.sizes;
  const address = fields.address();
  const bytes = grid.isFiltered ? fields.uint(entryBytes - addressBytes - 4) : grid.chunkBytes;
  const mask = grid.isFiltered ? fields.uint32() : 0;
  // Pages that were never written may hold zeros, where no chunk can be.
  return address === Infinity || address === 0 ? undefined : { address, bytes, mask };
}
