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
  const planes = Array.from({ length: itemBytes }, (_, byte) =>
    shuffled.subarray(byte * elements + from, byte * elements + to),
  );
  let done = 0;
  const aligned = target.byteOffset % 4 === 0 && planes.every(({ byteOffset }) => byteOffset % 4 === 0);
  if (aligned && (itemBytes === 2 || itemBytes === 4)) {
    const quads = (to - from) >> 2;
    const words = planes.map((plane) => new Uint32Array(plane.buffer, plane.byteOffset, quads));
    const output = new Uint32Array(target.buffer, target.byteOffset, quads * itemBytes);
    if (itemBytes === 2) joinPairs(words[0] as Uint32Array, words[1] as Uint32Array, output);
    else
      joinQuads(
        words[0] as Uint32Array,
        words[1] as Uint32Array,
        words[2] as Uint32Array,
        words[3] as Uint32Array,
        output,
      );
    done = 4 * quads;
  }
  for (const [byte, plane] of planes.entries())
    for (let index = done; index < plane.length; index++) target[index * itemBytes + byte] = plane[index] as number;
}

/** Four elements of 2 bytes at once, from a word of each plane. */
function joinPairs(first: Uint32Array, second: Uint32Array, output: Uint32Array): void {
  for (let quad = 0; quad < first.length; quad++) {
    const a = first[quad] as number;
    const b = second[quad] as number;
    output[2 * quad] = (a & 0xff) | ((b & 0xff) << 8) | ((a & 0xff00) << 8) | ((b & 0xff00) << 16);
    output[2 * quad + 1] = ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | ((a >>> 8) & 0xff0000) | (b & 0xff000000);
  }
}

/** Four elements of 4 bytes at once: the transpose of 4 × 4 bytes. */
function joinQuads(
  first: Uint32Array,
  second: Uint32Array,
  third: Uint32Array,
  fourth: Uint32Array,
  output: Uint32Array,
): void {
  for (let quad = 0; quad < first.length; quad++) {
    const a = first[quad] as number;
    const b = second[quad] as number;
    const c = third[quad] as number;
    const d = fourth[quad] as number;
    const at = 4 * quad;
    output[at] = (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24);
    output[at + 1] = ((a >>> 8) & 0xff) | (b & 0xff00) | ((c & 0xff00) << 8) | ((d & 0xff00) << 16);
    output[at + 2] = ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | (c & 0xff0000) | ((d & 0xff0000) << 8);
    output[at + 3] = (a >>> 24) | ((b >>> 16) & 0xff00) | ((c >>> 8) & 0xff0000) | (d & 0xff000000);
  }
}

/** Undoes the shuffle of a whole block; bytes beyond its last whole element were left in place. */
export function unshuffleAll(shuffled: Uint8Array, itemBytes: number): Uint8Array {
  const elements = Math.floor(shuffled.length / itemBytes);
  const output = new Uint8Array(shuffled);
  unshuffle(shuffled, elements, itemBytes, 0, elements, output);
  return output;
}
