import { freshBytes } from "./fresh-bytes.js";

/** Memory for the compressed bytes of one window's blocks. */
export interface ReadMemory {
  take(length: number): Uint8Array<ArrayBuffer>;
  /** For the next: nothing may look at what was taken any more. */
  giveBack(): void;
}

/** What this thread keeps: fresh memory for each read would cost about as much as the read. Units: bytes. */
const KEPT_BYTES = 2 ** 24;
/** Sizes are powers of two from here, so that one memory serves blocks of about a size. */
const LEAST_BYTES = 2 ** 16;

const spare: Uint8Array<ArrayBuffer>[] = [];
let spareBytes = 0;

export function borrowReadMemory(): ReadMemory {
  const taken: Uint8Array<ArrayBuffer>[] = [];
  return {
    take(length) {
      const memory = takeSpare(length) ?? freshBytes(2 ** Math.ceil(Math.log2(Math.max(length, LEAST_BYTES))));
      taken.push(memory);
      return memory.subarray(0, length);
    },
    giveBack() {
      for (const memory of taken.splice(0)) {
        if (spareBytes + memory.length > KEPT_BYTES) continue;
        spare.push(memory);
        spareBytes += memory.length;
      }
    },
  };
}

function takeSpare(length: number): Uint8Array<ArrayBuffer> | undefined {
  const place = spare.findLastIndex((memory) => memory.length >= length);
  if (place < 0) return undefined;
  const [memory] = spare.splice(place, 1);
  spareBytes -= memory?.length ?? 0;
  return memory;
}
