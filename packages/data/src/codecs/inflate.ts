import { gunzip, gunzipSync, inflate, inflateRaw, inflateRawSync, inflateSync } from "node:zlib";

/** zlib's header and checksum, gzip's, or the bare stream of a zip entry. */
export type DeflateFrame = "zlib" | "gzip" | "raw";

const DECODERS = { zlib: inflate, gzip: gunzip, raw: inflateRaw } as const;
const INLINE_DECODERS = { zlib: inflateSync, gzip: gunzipSync, raw: inflateRawSync } as const;

/** What is this small inflates in less time than another thread takes to start and tell. Units: bytes. */
const INLINE_BYTES = 2 ** 17;

/**
 * Inflates at most `maxBytes` on one of Node's threads, or at once where that is quicker. Rejects if the stream is corrupt or longer.
 *
 * `maxBytes` should be the expected size: it is taken at once.
 */
export async function inflateBytes(frame: DeflateFrame, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  // A little more room than needed: zlib sees that it is done without a second buffer.
  const options = { chunkSize: Math.max(64, maxBytes + 16), maxOutputLength: Math.max(1, maxBytes) };
  const result =
    maxBytes <= INLINE_BYTES
      ? INLINE_DECODERS[frame](bytes, options)
      : await new Promise<Buffer>((resolve, reject) => {
          DECODERS[frame](bytes, options, (error, inflated) => (error ? reject(error) : resolve(inflated)));
        });
  return new Uint8Array(result.buffer, result.byteOffset, result.length);
}
