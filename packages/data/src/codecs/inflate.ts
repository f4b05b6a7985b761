import { isMainThread } from "node:worker_threads";
import { gunzip, gunzipSync, inflate, inflateRaw, inflateRawSync, inflateSync } from "node:zlib";
import { inflateInPairs } from "./inflate-in-pairs.js";

/** zlib's header and checksum, gzip's, or the bare stream of a zip entry. */
export type DeflateFrame = "zlib" | "gzip" | "raw";

const DECODERS = { zlib: inflate, gzip: gunzip, raw: inflateRaw } as const;
const INLINE_DECODERS = { zlib: inflateSync, gzip: gunzipSync, raw: inflateRawSync } as const;

/** What is this small inflates in less time than another thread takes to start and tell. Units: bytes. */
const INLINE_BYTES = 2 ** 17;
/** What the kernel keeps memory for; more than that goes to zlib. Units: bytes. */
const KERNEL_BYTES = 2 ** 24;

/**
 * Inflates at most `maxBytes`. Rejects if the stream is corrupt or longer.
 *
 * A loader's worker does it itself, since the others keep the cores busy; the main thread has one of Node's threads do it,
 * unless that takes longer. zlib frames go through a kernel that takes a third less time than zlib where values hardly
 * repeat, as those of fields don't, and less still where several chunks are read at once.
 *
 * `maxBytes` should be the expected size: it is taken at once.
 *
 * @param room memory of so many bytes, which the kernel's output may lie in.
 */
export async function inflateBytes(
  frame: DeflateFrame,
  bytes: Uint8Array,
  maxBytes: number,
  room?: (bytes: number) => Uint8Array,
): Promise<Uint8Array> {
  const isInline = maxBytes <= INLINE_BYTES || !isMainThread;
  if (frame === "zlib" && isInline && maxBytes <= KERNEL_BYTES) return inflateInPairs({ bytes, maxBytes, room });
  // A little more room than needed: zlib sees that it is done without a second buffer.
  const options = { chunkSize: Math.max(64, maxBytes + 16), maxOutputLength: Math.max(1, maxBytes) };
  const result = isInline
    ? INLINE_DECODERS[frame](bytes, options)
    : await new Promise<Buffer>((resolve, reject) => {
        DECODERS[frame](bytes, options, (error, inflated) => (error ? reject(error) : resolve(inflated)));
      });
  return new Uint8Array(result.buffer, result.byteOffset, result.length);
}
