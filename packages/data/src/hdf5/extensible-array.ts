import type { ChunkGrid, StoredChunk } from "./chunk-index.js";
import { MAX_LISTED_CHUNKS, readChunkEntry } from "./fixed-array.js";
import type { Hdf5File } from "./hdf5-file.js";

/**
 * Reads all chunks of an extensible array, the index of datasets with one unlimited dimension: some entries in its
 * index block, then data blocks whose sizes double, the later ones through secondary blocks.
 *
 * Source: HDF5 File Format Specification 3.0, section VII.D.
 */
export async function readExtensibleArray(
  file: Hdf5File,
  address: number,
  grid: ChunkGrid,
  chunks: number,
): Promise<(StoredChunk | undefined)[]> {
  const { addressBytes, lengthBytes } = file.sizes;
  const header = await file.fields(address, 12 + addressBytes + 6 * lengthBytes, "extensible array");
  header.signature("EAHD");
  header.skip(2);
  const entryBytes = header.uint8();
  const maxBits = header.uint8();
  const indexEntries = header.uint8();
  const minEntries = header.uint8();
  const minPointers = header.uint8();
  const pageEntries = 2 ** header.uint8();
  header.skip(6 * lengthBytes);
  const indexBlock = header.address();
  if (chunks > MAX_LISTED_CHUNKS) throw header.broken(`at most ${MAX_LISTED_CHUNKS} chunks`, `${chunks}`);
  if (![minEntries, minPointers].every((value) => value > 0 && Number.isInteger(Math.log2(value))) || maxBits > 64)
    throw header.broken("powers of two for its blocks", `${minEntries} and ${minPointers}`);
  const offsetBytes = Math.ceil(maxBits / 8);
  const list: (StoredChunk | undefined)[] = [];
  if (indexBlock === Infinity) return list;

  // Secondary block k holds 2^⌊k/2⌋ data blocks of minEntries · 2^⌈k/2⌉ entries; the index block stands for the first.
  const dataBlocksOf = (level: number): number => 2 ** Math.floor(level / 2);
  const entriesOf = (level: number): number => minEntries * 2 ** Math.ceil(level / 2);
  const directLevels = 2 * Math.log2(minPointers);
  let directBlocks = 0;
  for (let level = 0; level < directLevels; level++) directBlocks += dataBlocksOf(level);
  const levels = 1 + maxBits - Math.log2(minEntries);
  const prefix = 6 + addressBytes;
  const indexBytes = prefix + indexEntries * entryBytes + (directBlocks + levels - directLevels) * addressBytes;
  const index = await file.fields(indexBlock, indexBytes, "extensible array's index");
  index.signature("EAIB");
  index.skip(prefix - 4);
  for (let entry = 0; entry < indexEntries; entry++) list.push(readChunkEntry(index, entryBytes, grid));

  async function readDataBlock(at: number, entries: number): Promise<void> {
    if (list.length >= chunks) return;
    if (at === Infinity) {
      list.push(...new Array<undefined>(Math.min(entries, chunks - list.length)).fill(undefined));
      return;
    }
    const start = prefix + offsetBytes;
    const paged = entries > pageEntries;
    const pages = paged ? entries / pageEntries : 1;
    let from = at + start + (paged ? 4 : 0);
    for (let page = 0; page < pages && list.length < chunks; page++) {
      const count = Math.min(paged ? pageEntries : entries, chunks - list.length);
      const fields = await file.fields(from, count * entryBytes, "extensible array's block");
      for (let entry = 0; entry < count; entry++) list.push(readChunkEntry(fields, entryBytes, grid));
      from += pageEntries * entryBytes + 4;
    }
  }
  for (let level = 0; level < directLevels; level++)
    for (let block = 0; block < dataBlocksOf(level); block++) await readDataBlock(index.address(), entriesOf(level));
  for (let level = directLevels; level < levels && list.length < chunks; level++) {
    const at = index.address();
    const blocks = dataBlocksOf(level);
    const entries = entriesOf(level);
    if (at === Infinity) {
      await readDataBlock(Infinity, blocks * entries);
      continue;
    }
    const bitmapBytes = entries > pageEntries ? blocks * Math.ceil(entries / pageEntries / 8) : 0;
    const needed = Math.min(blocks, Math.ceil((chunks - list.length) / entries));
    const length = prefix + offsetBytes + bitmapBytes + needed * addressBytes;
    const secondary = await file.fields(at, length, "extensible array's secondary block");
    secondary.signature("EASB");
    secondary.skip(prefix - 4 + offsetBytes + bitmapBytes);
    for (let block = 0; block < needed; block++) await readDataBlock(secondary.address(), entries);
  }
  return list;
}
