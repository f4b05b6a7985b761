/** How a block is compressed. Source: TIFF 6.0 and libtiff's registered codes. */
export const COMPRESSION = {
  none: 1,
  lzw: 5,
  jpeg: 7,
  deflate: 8,
  oldDeflate: 32946,
  packBits: 32773,
  lerc: 34887,
  zstd: 50000,
  webp: 50001,
} as const;
