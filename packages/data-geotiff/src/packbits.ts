/**
 * Undoes PackBits run lengths into at most `most` bytes. Source: TIFF 6.0, section 9.
 *
 * @returns fewer bytes if the input ends early.
 */
export function decodePackBits(input: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(most);
  let written = 0;
  for (let position = 0; position < input.length && written < output.length; ) {
    const header = ((input[position++] as number) << 24) >> 24;
    if (header === -128) continue;
    if (header < 0) {
      const end = Math.min(output.length, written + 1 - header);
      output.fill(input[position++] ?? 0, written, end);
      written = end;
    } else {
      const run = input.subarray(position, position + Math.min(header + 1, output.length - written));
      output.set(run, written);
      written += run.length;
      position += header + 1;
    }
  }
  return output.subarray(0, written);
}
