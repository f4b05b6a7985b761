const CLEAR = 256;
const END = 257;
const MAX_CODES = 4096;

/**
 * Undoes TIFF's LZW (most significant bit first, early code change) into at most `outputBytes` bytes.
 *
 * Source: TIFF 6.0, section 13.
 *
 * @returns the number of bytes written, fewer than asked for if the input ends early; −1 if a code is impossible.
 */
export function decodeLzw(input: Uint8Array, output: Uint8Array): number {
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const length = new Uint16Array(MAX_CODES);
  for (let code = 0; code < CLEAR; code++) {
    suffix[code] = code;
    length[code] = 1;
  }
  let next = END + 1;
  let width = 9;
  let previous = -1;
  let bits = 0;
  let held = 0;
  let written = 0;
  for (let position = 0; position < input.length && written < output.length; ) {
    while (held < width && position < input.length) {
      bits = ((bits << 8) | (input[position++] as number)) & 0xffffff;
      held += 8;
    }
    if (held < width) break;
    // Several codes may be ready once the input's last byte is in.
    for (; held >= width && written < output.length; ) {
      held -= width;
      const code = (bits >>> held) & ((1 << width) - 1);
      if (code === END) return written;
      if (code === CLEAR) {
        next = END + 1;
        width = 9;
        previous = -1;
        continue;
      }
      if (previous < 0) {
        if (code > END) return -1;
        output[written++] = code;
      } else {
        if (code > next || (code === next && next >= MAX_CODES)) return -1;
        const known = code < next ? code : previous;
        const copied = length[known] as number;
        let at = written + copied - 1;
        let walk = known;
        for (; at > written; at--) {
          if (at < output.length) output[at] = suffix[walk] as number;
          walk = prefix[walk] as number;
        }
        const first = suffix[walk] as number;
        output[written] = first;
        written += copied;
        if (code === next) {
          if (written < output.length) output[written] = first;
          written += 1;
        }
        if (next < MAX_CODES) {
          prefix[next] = previous;
          suffix[next] = first;
          length[next] = (length[previous] as number) + 1;
          next += 1;
        }
      }
      previous = code;
      if (next + 1 >= 1 << width && width < 12) width += 1;
    }
  }
  return Math.min(written, output.length);
}
