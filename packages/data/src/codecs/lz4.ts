import { type ChunkMemory, KERNEL_ROOM, KERNEL_START, openChunkMemory } from "./chunk-memory.js";

/**
 * Decodes one LZ4 block into `target`, which it must fill exactly.
 *
 * Source: "LZ4 Block Format Description", lz4/doc/lz4_Block_format.md.
 *
 * @throws {Error} if the block is corrupt.
 */
export function decodeLz4(source: Uint8Array, target: Uint8Array): void {
  const last = KERNEL_START + target.length;
  const place = last + KERNEL_ROOM;
  const memory = openChunkMemory(place + source.length + KERNEL_ROOM);
  decodeLz4Within(memory, source, place, KERNEL_START, last);
  target.set(memory.bytes.subarray(KERNEL_START, last));
}

/** Decodes a block into the places `[first, last)` of the kernel's memory; `free` is where its source can lie. */
export function decodeLz4Within(
  memory: ChunkMemory,
  source: Uint8Array,
  free: number,
  first: number,
  last: number,
): void {
  memory.bytes.set(source, free);
  if (!memory.decodeLz4(free, free + source.length, first, last)) throw new Error("a broken LZ4 block");
}
