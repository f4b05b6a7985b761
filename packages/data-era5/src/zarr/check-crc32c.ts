import { crc32c } from "@graticule/core";

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
