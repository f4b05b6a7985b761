import { type JoinPlanes, KERNEL_ROOM, KERNEL_START, openChunkMemory } from "../codecs/chunk-memory.js";

/** Elements that go through the kernel at once: they stay in the nearest cache. */
const STRIP = 2 ** 12;

/** Fewer elements are joined one by one. */
const LEAST_STRIP = 64;

/**
 * Undoes the byte shuffle for the elements `[from, to)`: a shuffled block holds the first bytes of all its elements,
 * then their second bytes, and so on.
 *
 * Source: HDF5's shuffle filter and Blosc's "shuffle", which agree.
 */
export function unshuffle(
  shuffled: Uint8Array,
  elements: number,
  itemBytes: number,
  from: number,
  to: number,
  target: Uint8Array,
): void {
  if ((itemBytes !== 2 && itemBytes !== 4) || to - from < LEAST_STRIP) {
    for (let byte = 0; byte < itemBytes; byte++)
      for (let index = from; index < to; index++)
        target[(index - from) * itemBytes + byte] = shuffled[byte * elements + index] as number;
    return;
  }
  const stripBytes = itemBytes * STRIP + KERNEL_ROOM;
  const joinedAt = KERNEL_START + stripBytes;
  const { bytes, joinPairs, joinQuads } = openChunkMemory(joinedAt + stripBytes);
  const join: JoinPlanes = itemBytes === 2 ? joinPairs : joinQuads;
  for (let first = from; first < to; first += STRIP) {
    const count = Math.min(STRIP, to - first);
    for (let byte = 0; byte < itemBytes; byte++) {
      const at = byte * elements + first;
      bytes.set(shuffled.subarray(at, at + count), KERNEL_START + byte * STRIP);
    }
    join(KERNEL_START, STRIP, count, joinedAt);
    target.set(bytes.subarray(joinedAt, joinedAt + count * itemBytes), (first - from) * itemBytes);
  }
}

/** Undoes the shuffle of a whole block; bytes beyond its last whole element were left in place. */
export function unshuffleAll(shuffled: Uint8Array, itemBytes: number): Uint8Array {
  const elements = Math.floor(shuffled.length / itemBytes);
  const output = new Uint8Array(shuffled);
  unshuffle(shuffled, elements, itemBytes, 0, elements, output);
  return output;
}
