let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc;
  });
}

/** The CRC-32C of bytes. Source: RFC 3720, section 12.1. */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = ~0;
  for (let index = 0; index < bytes.length; index++)
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[index] as number)) & 255] as number);
  return ~crc >>> 0;
}

/**
 * Checks and removes the CRC-32C that Zarr writes after bytes.
 *
 * @throws {Error} if it does not fit.
 */
export function checkCrc32c(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error("no room for a checksum");
  const values = bytes.subarray(0, bytes.length - 4);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + values.length, 4).getUint32(0, true);
  if (crc32c(values) !== stored) throw new Error("a checksum that does not fit the values");
  return values;
}
