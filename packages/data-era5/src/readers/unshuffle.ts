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
  const count = to - from;
  if (itemBytes === 1) {
    target.set(shuffled.subarray(from, to));
    return;
  }
  if (itemBytes === 2 && target.byteOffset % 2 === 0) {
    const words = new Uint16Array(target.buffer, target.byteOffset, count);
    for (let index = 0, at = from; index < count; index++, at++)
      words[index] = (shuffled[at] as number) | ((shuffled[at + elements] as number) << 8);
    return;
  }
  if (itemBytes % 4 === 0 && target.byteOffset % 4 === 0) {
    const stride = itemBytes / 4;
    const words = new Uint32Array(target.buffer, target.byteOffset, count * stride);
    for (let word = 0; word < stride; word++) {
      let first = 4 * word * elements + from;
      let second = first + elements;
      let third = second + elements;
      let fourth = third + elements;
      for (let at = word; at < words.length; at += stride)
        words[at] =
          (shuffled[first++] as number) |
          ((shuffled[second++] as number) << 8) |
          ((shuffled[third++] as number) << 16) |
          ((shuffled[fourth++] as number) << 24);
    }
    return;
  }
  for (let byte = 0; byte < itemBytes; byte++)
    for (let index = 0; index < count; index++)
      target[index * itemBytes + byte] = shuffled[byte * elements + from + index] as number;
}
