import { Fields } from "./fields.js";
import type { Hdf5File } from "./hdf5-file.js";

const MAX_RECORDS = 2 ** 22;

/**
 * Reads all records of a version 2 B-tree, in its order.
 *
 * Source: HDF5 File Format Specification 3.0, section III.A.2.
 */
export async function readBtree2(file: Hdf5File, address: number): Promise<{ type: number; records: Uint8Array[] }> {
  const { addressBytes, lengthBytes } = file.sizes;
  const header = await file.fields(address, 22 + addressBytes + lengthBytes, "B-tree header");
  header.signature("BTHD");
  header.skip(1);
  const type = header.uint8();
  const nodeBytes = header.uint32();
  const recordBytes = header.uint16();
  const depth = header.uint16();
  header.skip(2);
  const root = header.address();
  const rootRecords = header.uint16();
  const total = header.length();
  if (recordBytes === 0 || nodeBytes < 10 + recordBytes || depth > 16 || total > MAX_RECORDS)
    throw header.broken(
      `at most ${MAX_RECORDS} records that fit their nodes`,
      `${total} of ${recordBytes} bytes in nodes of ${nodeBytes}, ${depth} deep`,
    );
  const records: Uint8Array[] = [];
  if (total === 0 || root === Infinity) return { type, records };

  // How many records a node at each height can hold decides how wide the counts in its parent are.
  const countBytes = [widthOf(Math.floor((nodeBytes - 10) / recordBytes))];
  const totalBytes = [0];
  let capacity = Math.floor((nodeBytes - 10) / recordBytes);
  for (let height = 1; height <= depth; height++) {
    const pointerBytes = addressBytes + (countBytes[0] as number) + (totalBytes[height - 1] as number);
    const most = Math.floor((nodeBytes - 10 - pointerBytes) / (recordBytes + pointerBytes));
    capacity = (most + 1) * capacity + most;
    totalBytes.push(widthOf(capacity));
  }

  async function visit(at: number, count: number, height: number): Promise<void> {
    const node = await file.fields(at, nodeBytes, "B-tree node");
    node.signature(height === 0 ? "BTLF" : "BTIN");
    node.skip(2);
    const own = Array.from({ length: count }, () => node.take(recordBytes));
    if (height === 0) {
      records.push(...own);
      if (records.length > total) throw node.broken(`${total} records`, "more");
      return;
    }
    const children = Array.from({ length: count + 1 }, () => {
      const child = { address: node.address(), count: node.uint(countBytes[0] as number) };
      node.skip(height > 1 ? (totalBytes[height - 1] as number) : 0);
      return child;
    });
    for (const [place, child] of children.entries()) {
      await visit(child.address, child.count, height - 1);
      if (place < count) records.push(own[place] as Uint8Array);
      if (records.length > total) throw node.broken(`${total} records`, "more");
    }
  }
  await visit(root, rootRecords, depth);
  return { type, records };
}

/** The fields of a record. */
export function recordFields(file: Hdf5File, record: Uint8Array): Fields {
  return new Fields(file.uri, "B-tree record", record, file.sizes);
}

/** Bytes that a number up to `most` takes. */
function widthOf(most: number): number {
  return Math.max(1, Math.ceil(Math.log2(most + 1) / 8));
}
