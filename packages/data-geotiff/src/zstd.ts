import { FormatError } from "@graticule/core";
import { ZSTDDecoder } from "zstddec";

const decoder = new ZSTDDecoder();

/** WebAssembly's memory must hold the block besides its compressed bytes. Units: bytes. */
const LARGEST = 2 ** 29;

/**
 * Decompresses Zstandard frames to at most `maxBytes`, whether or not they declare their size (GDAL's don't).
 *
 * @throws {FormatError} if the frames hold more, or are corrupt.
 */
export async function decodeZstd(path: string, compressed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  if (maxBytes > LARGEST)
    throw new FormatError(path, `Zstandard blocks of at most ${LARGEST} bytes`, `${maxBytes}`, "Use smaller tiles.");
  await decoder.init();
  const bytes = decoder.decode(compressed, maxBytes);
  // The library gives an empty result where Zstandard reports an error.
  if (bytes.length === 0)
    throw new FormatError(
      path,
      `a Zstandard block of at most ${maxBytes} bytes`,
      "more, or other bytes",
      "The file is corrupt.",
    );
  return bytes;
}
