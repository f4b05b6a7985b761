/**
 * Undoes the bit shuffle: a shuffled block holds the lowest bits of all its elements, eight to a byte, then their
 * second bits, and so on. `elements` is a multiple of 8; bytes after them were left in place.
 *
 * Source: Masui et al. 2015, arXiv:1503.00638; as Blosc applies it to a whole block.
 */
export function unshuffleBits(shuffled: Uint8Array, elements: number, itemBytes: number): Uint8Array {
  const output = shuffled.slice();
  const rowBytes = elements / 8;
  for (let byte = 0; byte < itemBytes; byte++)
    for (let group = 0; group < rowBytes; group++)
      for (let element = 0; element < 8; element++) {
        let value = 0;
        for (let bit = 0; bit < 8; bit++)
          value |= (((shuffled[(byte * 8 + bit) * rowBytes + group] as number) >> element) & 1) << bit;
        output[(group * 8 + element) * itemBytes + byte] = value;
      }
  return output;
}
