import { inflateStreams, inflateZlib, type ZlibStream } from "./inflate-zlib.js";

/** Smaller ones take hardly longer one after the other. Units: bytes. */
const LEAST_BYTES = 2 ** 14;
/** What the kernel keeps memory for; two that need more go one after the other. Units: bytes. */
const MOST_BYTES = 2 ** 24;

interface Waiting {
  readonly stream: ZlibStream;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

let waiting: Waiting | undefined;

/**
 * Inflates a zlib stream together with another one, if another is asked for before this thread has nothing else to do.
 * Rejects if the stream is corrupt, ends early or is longer than `maxBytes`.
 */
export async function inflateInPairs(stream: ZlibStream): Promise<Uint8Array> {
  if (stream.maxBytes < LEAST_BYTES) return inflateZlib(stream.bytes, stream.maxBytes, stream.room);
  return new Promise((resolve, reject) => {
    const mine = { stream, resolve, reject };
    if (waiting && waiting.stream.maxBytes + stream.maxBytes <= MOST_BYTES) return inflateWaiting(mine);
    inflateWaiting();
    waiting = mine;
    process.nextTick(inflateWaiting); // After all promises that can go on now.
  });
}

/** Inflates what waits, if anything does, and another stream with it. */
function inflateWaiting(other?: Waiting): void {
  if (!waiting) return;
  const both = other ? [waiting, other] : [waiting];
  waiting = undefined;
  const results = inflateStreams(both.map(({ stream }) => stream));
  for (const [index, { resolve, reject }] of both.entries()) {
    const result = results[index] as Uint8Array | Error;
    if (result instanceof Error) reject(result);
    else resolve(result);
  }
}
