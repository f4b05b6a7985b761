import type { Hdf5File } from "./hdf5-file.js";

/** Reads an object of the global heap: the elements of a list or a text that a variable-length value points to. */
export async function readHeapObject(file: Hdf5File, address: number, index: number): Promise<Uint8Array> {
  const { lengthBytes } = file.sizes;
  const start = await file.fields(address, 8 + lengthBytes, "global heap");
  start.signature("GCOL");
  start.skip(4);
  const heapBytes = start.length();
  const heap = await file.fields(address, heapBytes, "global heap");
  heap.skip(8 + lengthBytes);
  while (heap.left >= 8 + lengthBytes) {
    const found = heap.uint16();
    heap.skip(6);
    const length = heap.length();
    if (found === index) return heap.take(length);
    if (found === 0) break;
    heap.skip(Math.ceil(length / 8) * 8);
  }
  throw heap.broken(`object ${index}`, "none of that number");
}
