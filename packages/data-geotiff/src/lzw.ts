const CLEAR = 256;
const END = 257;
const FIRST = 258;
const MAX_CODES = 4096;

/** Strings at least this long are copied by one call. Units: bytes. */
const LONG = 24;

/** Where each code's string lies in the output; reused, for a decode is never interrupted. */
const starts = new Int32Array(MAX_CODES);
const lengths = new Int32Array(MAX_CODES);

/**
 * Undoes TIFF's LZW (most significant bit first, early code change) into at most `output.length` bytes. A code's
 * string is the one before it and one byte more, so it is there in the output already: no table of prefixes is kept.
 *
 * Source: TIFF 6.0, section 13.
 *
 * @returns the number of bytes written, fewer than asked for if the input ends early; −1 if a code is impossible.
 */
export function decodeLzw(input: Uint8Array, output: Uint8Array): number {
  const end = output.length;
  let next = FIRST;
  let width = 9;
  let limit = 511; // the code after which codes are one bit wider
  let previousStart = -1;
  let previousLength = 0;
  let bits = 0;
  let held = 0;
  let at = 0;
  let written = 0;
  while (written < end) {
    while (held < width && at < input.length) {
      bits = ((bits << 8) | (input[at++] as number)) & 0xffffff;
      held += 8;
    }
    if (held < width) break;
    held -= width;
    const code = (bits >>> held) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      next = FIRST;
      width = 9;
      limit = 511;
      previousStart = -1;
      continue;
    }
    const start = written;
    if (previousStart >= 0 && next < MAX_CODES) {
      // The byte that ends this string is the first of what is written now.
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next += 1;
    }
    if (code < CLEAR) output[written++] = code;
    else {
      if (code >= next || previousStart < 0) return -1;
      const from = starts[code] as number;
      const length = Math.min(lengths[code] as number, end - written);
      // The newest string reaches into itself: byte by byte its end is right.
      if (length >= LONG && from + length <= written) output.copyWithin(written, from, from + length);
      else for (let index = 0; index < length; index++) output[written + index] = output[from + index] as number;
      written += length;
    }
    previousStart = start;
    previousLength = written - start;
    if (next >= limit && width < 12) {
      width += 1;
      limit = (1 << width) - 1;
    }
  }
  return written;
}
