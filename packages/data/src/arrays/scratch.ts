/** Arrays that wait for the next taker: so many at most, and so many bytes together. */
const MOST_KEPT = 32;
const MOST_KEPT_BYTES = 2 ** 25;

/** Sizes are rounded up to whole steps of this many bytes, so that chunks of nearly one size share memory. */
const STEP_BYTES = 2 ** 16;

/** Last given, first taken: what was used last is likely still in the processor's cache. */
const kept: Uint8Array[] = [];
let keptBytes = 0;
const taken = new WeakSet<ArrayBufferLike>();

/** This thread's memory for bytes that live shortly, with whatever it held before: new memory costs far more. */
export function takeScratch(bytes: number): Uint8Array {
  const place = kept.findLastIndex(({ length }) => length >= bytes);
  const [whole = new Uint8Array(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)] = place < 0 ? [] : kept.splice(place, 1);
  if (place >= 0) keptBytes -= whole.length;
  taken.add(whole.buffer);
  return whole.subarray(0, bytes);
}

/** Takes memory of `takeScratch` back, which nobody may use any more; memory from elsewhere is left alone. */
export function giveScratch({ buffer }: Uint8Array): void {
  if (!taken.delete(buffer)) return;
  kept.push(new Uint8Array(buffer));
  keptBytes += buffer.byteLength;
  while (kept.length > MOST_KEPT || keptBytes > MOST_KEPT_BYTES) keptBytes -= (kept.shift() as Uint8Array).length;
}
