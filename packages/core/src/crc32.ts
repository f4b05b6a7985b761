/** The CRC-32 of zlib, gzip and PNG. Source: RFC 1952, section 8. */
export const crc32 = makeCrc32(0xedb88320);

/** CRC-32C (Castagnoli), as TFRecord and Zarr use it. Source: RFC 3720, appendix B.4. */
export const crc32c = makeCrc32(0x82f63b78);

/** @param polynomial reflected. */
function makeCrc32(polynomial: number): (bytes: Uint8Array) => number {
  let table: Uint32Array | undefined;
  return (bytes) => {
    table ??= makeTable(polynomial);
    let remainder = 0xffffffff;
    for (let index = 0; index < bytes.length; index++)
      remainder = (remainder >>> 8) ^ (table[(remainder ^ (bytes[index] as number)) & 0xff] as number);
    return ~remainder >>> 0;
  };
}

function makeTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
    return remainder;
  });
}
