import { readBtree2, recordFields } from "./btree2.js";
import { Fields } from "./fields.js";
import type { Hdf5File } from "./hdf5-file.js";

/** Finds the object of a heap ID: the message of a link or an attribute. */
export type FractalHeap = (id: Uint8Array) => Promise<Uint8Array>;

/**
 * Opens a fractal heap, where groups with many links and objects with many attributes keep them.
 *
 * Source: HDF5 File Format Specification 3.0, section III.G.
 */
export async function openFractalHeap(file: Hdf5File, address: number): Promise<FractalHeap> {
  const { addressBytes, lengthBytes } = file.sizes;
  const header = await file.fields(address, 22 + 3 * addressBytes + 12 * lengthBytes, "fractal heap");
  header.signature("FRHP");
  header.skip(1);
  const idBytes = header.uint16();
  const filterBytes = header.uint16();
  const hasChecksums = (header.uint8() & 2) !== 0;
  const maxManaged = header.uint32();
  header.skip(lengthBytes);
  const hugeTree = header.address();
  header.skip(9 * lengthBytes + addressBytes);
  const width = header.uint16();
  const startBytes = header.length();
  const maxDirectBytes = header.length();
  const maxHeapBits = header.uint16();
  header.uint16();
  const root = header.address();
  const rootRows = header.uint16();
  if (filterBytes !== 0) throw header.broken("a heap without compression", "a compressed one, which is not supported");
  if (![width, startBytes, maxDirectBytes].every((value) => value > 0 && value <= 2 ** 26) || maxHeapBits > 64)
    throw header.broken("blocks of a sensible size", `${width} blocks of ${startBytes} to ${maxDirectBytes} bytes`);
  const offsetBytes = Math.ceil(maxHeapBits / 8);
  const lengthIdBytes = Math.min(widthOf(maxDirectBytes), widthOf(maxManaged));
  const maxDirectRows = Math.log2(maxDirectBytes) - Math.log2(startBytes) + 2;

  /** Sizes of blocks by row: the first two rows are alike, then each doubles. */
  const rowBytes = (row: number): number => startBytes * 2 ** Math.max(0, row - 1);

  async function readManaged(offset: number, length: number): Promise<Uint8Array> {
    let at = root;
    let base = 0;
    let rows = rootRows;
    for (let depth = 0; rows > 0; depth++) {
      if (depth > 32) throw header.broken("a heap at most 32 deep", "deeper");
      // Which block of this indirect block's table holds the offset.
      let start = base;
      let row = 0;
      while (row < rows && offset >= start + width * rowBytes(row)) start += width * rowBytes(row++);
      if (row === rows) throw header.broken("a heap ID inside the heap", `offset ${offset}`);
      const column = Math.floor((offset - start) / rowBytes(row));
      base = start + column * rowBytes(row);
      const entry = row * width + column;
      const prefix = 5 + addressBytes + offsetBytes;
      const block = await file.fields(at, prefix + (entry + 1) * addressBytes, "fractal heap block");
      block.signature("FHIB");
      block.skip(prefix - 4 + entry * addressBytes);
      at = block.address();
      if (row < maxDirectRows) rows = 0;
      else {
        // The child covers one block of this row: as many rows of its own as that takes.
        rows = Math.log2(rowBytes(row)) - Math.log2(startBytes * width) + 1;
        if (!(rows >= 1)) throw header.broken("rows in a nested block", `${rows}`);
      }
    }
    const block = await file.fields(at + (offset - base), length, "fractal heap object");
    return block.take(length);
  }

  /** Objects too large for the heap's blocks lie on their own; the ID says where, or a tree does. */
  async function readHuge(id: Fields): Promise<Uint8Array> {
    if (idBytes > addressBytes + lengthBytes) {
      const [at, length] = [id.address(), id.length()];
      return (await file.fields(at, length, "large heap object")).take(length);
    }
    const key = id.uint(Math.min(lengthBytes, idBytes - 1));
    for (const record of (await readBtree2(file, hugeTree)).records) {
      const fields = recordFields(file, record);
      const [at, length, found] = [fields.address(), fields.length(), fields.length()];
      if (found === key) return (await file.fields(at, length, "large heap object")).take(length);
    }
    throw header.broken(`large object ${key}`, "none of that number");
  }

  const checkBlock = hasChecksums ? 4 : 0;
  return async (id) => {
    const fields = new Fields(file.uri, "heap ID", id, file.sizes);
    const kind = (fields.uint8() >> 4) & 3;
    if (kind === 2) return fields.take(((id[0] as number) & 15) + 1);
    if (kind === 1) return readHuge(fields);
    if (kind !== 0) throw header.broken("a heap ID of type 0 to 2", `type ${kind}`);
    const offset = fields.uint(offsetBytes);
    const length = fields.uint(lengthIdBytes);
    if (offset < 5 + addressBytes + offsetBytes + checkBlock || length > maxDirectBytes)
      throw header.broken("a heap ID inside the heap", `${length} bytes at ${offset}`);
    return readManaged(offset, length);
  };
}

function widthOf(most: number): number {
  return Math.max(1, Math.ceil(Math.log2(most + 1) / 8));
}
