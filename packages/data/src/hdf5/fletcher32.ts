/**
 * Checks and removes HDF5's Fletcher-32 checksum, the last four bytes.
 *
 * Source: HDF5 library, H5_checksum_fletcher32: sums of big-endian 16-bit words, modulo 65,535.
 *
 * @throws {Error} if it does not fit the bytes.
 */
export function checkFletcher32(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error("no room for a checksum");
  const values = bytes.subarray(0, bytes.length - 4);
  let first = 0;
  let second = 0;
  const words = values.length >> 1;
  for (let word = 0; word < words; ) {
    for (const end = Math.min(words, word + 360); word < end; word++) {
      first += ((values[2 * word] as number) << 8) | (values[2 * word + 1] as number);
      second += first;
    }
    first %= 65535;
    second %= 65535;
  }
  if (values.length % 2 === 1) {
    first = (first + ((values.at(-1) as number) << 8)) % 65535;
    second = (second + first) % 65535;
  }
  const stored = new DataView(bytes.buffer, bytes.byteOffset + values.length, 4).getUint32(0, true);
  const [storedSecond, storedFirst] = [(stored >>> 16) % 65535, (stored & 0xffff) % 65535];
  if (storedFirst !== first || storedSecond !== second) throw new Error("a checksum that does not fit the values");
  return values;
}
