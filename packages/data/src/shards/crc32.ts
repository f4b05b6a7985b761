import zlib from "node:zlib";

/** CRC-32 of zlib and PNG, over bytes. Node's own where it has one (from 20.15). */
export const crc32: (bytes: Uint8Array) => number = zlib.crc32 ?? tableCrc32;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** The same byte by byte. Source: RFC 1952, section 8. */
export function tableCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}
