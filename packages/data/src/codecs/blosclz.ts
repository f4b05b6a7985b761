const MAX_SHORT_DISTANCE = 8191;

/**
 * Decodes one BloscLZ stream into `target`, which it must fill exactly.
 *
 * Source: c-blosc 1, blosclz.c, `blosclz_decompress`: FastLZ's second level.
 *
 * @throws {Error} if the stream is corrupt.
 */
export function decodeBlosclz(source: Uint8Array, target: Uint8Array): void {
  let at = 0;
  let to = 0;
  const next = (): number => {
    if (at >= source.length) throw corrupt();
    return source[at++] as number;
  };
  let control = next() & 31;
  for (;;) {
    if (control >= 32) {
      let length = (control >> 5) - 1;
      let distance = (control & 31) << 8;
      if (length === 6)
        for (let more = 255; more === 255; length += more) {
          more = next();
        }
      const low = next();
      distance += low;
      length += 3;
      if (low === 255 && distance === MAX_SHORT_DISTANCE) distance = MAX_SHORT_DISTANCE + ((next() << 8) | next());
      distance += 1;
      if (distance > to || length > target.length - to) throw corrupt();
      for (let index = 0; index < length; index++) target[to + index] = target[to - distance + index] as number;
      to += length;
    } else {
      const length = control + 1;
      if (length > source.length - at || length > target.length - to) throw corrupt();
      target.set(source.subarray(at, at + length), to);
      at += length;
      to += length;
    }
    if (at >= source.length) break;
    control = next();
  }
  if (to !== target.length) throw corrupt();
}

function corrupt(): Error {
  return new Error("a broken BloscLZ stream");
}
