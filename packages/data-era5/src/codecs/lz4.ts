/**
 * Decodes one LZ4 block into `target`, which it must fill exactly.
 *
 * Source: "LZ4 Block Format Description", lz4/doc/lz4_Block_format.md.
 *
 * @throws {Error} if the block is corrupt.
 */
export function decodeLz4(source: Uint8Array, target: Uint8Array): void {
  const sourceEnd = source.length;
  const targetEnd = target.length;
  let at = 0;
  let to = 0;
  while (at < sourceEnd) {
    const token = source[at++] as number;
    let literals = token >> 4;
    if (literals === 15)
      for (let more = 255; more === 255; literals += more) {
        if (at >= sourceEnd) throw corrupt();
        more = source[at++] as number;
      }
    if (literals > 0) {
      if (literals > sourceEnd - at || literals > targetEnd - to) throw corrupt();
      if (literals > 32) {
        target.set(source.subarray(at, at + literals), to);
        at += literals;
        to += literals;
      } else for (const end = at + literals; at < end; ) target[to++] = source[at++] as number;
    }
    if (at === sourceEnd) break; // The last sequence has no match.
    if (sourceEnd - at < 2) throw corrupt();
    const distance = (source[at] as number) | ((source[at + 1] as number) << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19)
      for (let more = 255; more === 255; length += more) {
        if (at >= sourceEnd) throw corrupt();
        more = source[at++] as number;
      }
    if (distance === 0 || distance > to || length > targetEnd - to) throw corrupt();
    if (distance === 1 && length > 16) target.fill(target[to - 1] as number, to, to + length);
    else if (distance >= length && length > 32) target.copyWithin(to, to - distance, to - distance + length);
    else for (let index = 0; index < length; index++) target[to + index] = target[to - distance + index] as number;
    to += length;
  }
  if (to !== targetEnd) throw corrupt();
}

function corrupt(): Error {
  return new Error("a broken LZ4 block");
}
