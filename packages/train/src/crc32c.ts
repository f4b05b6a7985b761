const POLYNOMIAL = 0x82f63b78; // reflected Castagnoli polynomial
const MASK_DELTA = 0xa282ead8;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder >>> 0;
});

/**
 * CRC-32C checksum of some bytes, as an unsigned 32-bit integer.
 *
 * Source: RFC 3720, appendix B.4 (Castagnoli polynomial 0x1EDC6F41, reflected).
 */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (TABLE[(remainder ^ byte) & 0xff] as number) ^ (remainder >>> 8);
  return (remainder ^ 0xffffffff) >>> 0;
}

/**
 * CRC-32C rotated and offset as TFRecord stores it, so that a checksum of data that holds checksums stays useful.
 *
 * Source: TensorFlow, tsl/lib/hash/crc32c.h, `Mask`.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
