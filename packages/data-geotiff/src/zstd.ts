import { FormatError } from "@graticule/core";

const MAGIC = 0xfd2fb528;
const SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];

/**
 * Decompresses one Zstandard frame whose header declares at most `maxBytes` of content, as GDAL and libtiff write it.
 *
 * Source: RFC 8878, section 3.1.1.1 (frame header).
 *
 * @throws {FormatError} if the declared size is absent or too large, or the frame is corrupt.
 */
export async function decodeZstd(path: string, compressed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const declared = parseContentSize(compressed);
  if (!(declared <= maxBytes))
    throw new FormatError(
      path,
      `a Zstandard block of at most ${maxBytes} bytes`,
      `${declared}`,
      "The file is corrupt.",
    );
  const { getDecoder } = await import("geotiff"); // Seldom needed, slow to load.
  try {
    const decoder = await getDecoder(50000, {
      tileWidth: 1,
      tileHeight: 1,
      predictor: 1,
      bitsPerSample: 8,
      planarConfiguration: 1,
    });
    return new Uint8Array(await decoder.decode(new Uint8Array(compressed).buffer));
  } catch (cause) {
    throw new FormatError(path, "a readable Zstandard block", (cause as Error).message, "The file is corrupt.", {
      cause,
    });
  }
}

/** The content size that a frame's header declares; NaN if it declares none. */
function parseContentSize(bytes: Uint8Array): number {
  if (bytes.length < 6) return NaN;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return NaN;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const at = 5 + (singleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] as number);
  const size = flag === 0 && singleSegment ? 1 : (SIZE_BYTES[flag] as number);
  if (size === 0 || at + size > bytes.length) return NaN;
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, true) + 256;
  return size === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}
