import { gunzip, inflate, inflateRaw } from "node:zlib";

/** zlib's header and checksum, gzip's, or the bare stream of a zip entry. */
export type DeflateFrame = "zlib" | "gzip" | "raw";

const DECODERS = { zlib: inflate, gzip: gunzip, raw: inflateRaw } as const;

/**
 * Inflates at most `maxBytes` on one of Node's threads. Rejects if the stream is corrupt or longer.
 *
 * `maxBytes` should be the expected size: it is taken at once.
 */
export function inflateBytes(frame: DeflateFrame, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  // A little more room than needed: zlib sees that it is done without a second buffer.
  const options = { chunkSize: Math.max(64, maxBytes + 16), maxOutputLength: Math.max(1, maxBytes) };
  return new Promise((resolve, reject) => {
    DECODERS[frame](bytes, options, (error, result) => {
      if (error) reject(error);
      else resolve(new Uint8Array(result.buffer, result.byteOffset, result.length));
    });
  });
}
