import type { LivePeakBytes } from "./addon.js";
import { attempt, boundAddon } from "./kernel-call.js";

/**
 * Bytes that the backend holds. `liveBytes`: what tensors own and kernels work on, in CPU memory. `storageBytes`: what
 * this thread's tensors own, on any device.
 */
export interface MemoryStats extends LivePeakBytes {
  /** Pages behind freed blocks, kept for the next allocation. */
  readonly cachedBytes: number;
  /** `liveBytes + cachedBytes`. */
  readonly reservedBytes: number;
  readonly storageBytes: number;
  readonly storages: number;
  /** Bytes by the tag under which they were allocated. */
  readonly tags: Readonly<Record<string, LivePeakBytes>>;
}

let liveLimit = Number.POSITIVE_INFINITY;
let cacheLimit = Number.POSITIVE_INFINITY;
const tagIndices = new Map<string, number>();

export function memoryStats(): MemoryStats {
  const native = boundAddon().memory();
  return { ...native, cachedBytes: native.reservedBytes - native.liveBytes };
}

/** Starts `peakBytes`, also of each tag, anew from what is live now. */
export function resetPeakBytes(): void {
  boundAddon().resetPeakBytes();
}

/** Gives pages behind freed blocks, which are kept for the next allocation, back to the operating system. */
export function releaseCachedBytes(): void {
  boundAddon().releaseCachedBytes();
}

/**
 * Caps `liveBytes`, of all threads together, and `reservedBytes`, which counts huge pages of 2 MB; `Infinity` lifts the cap.
 * A kernel that needs more throws a `TorchOutOfMemoryError`.
 *
 * @throws {RangeError} if negative or NaN.
 */
export function setMemoryLimit(bytes: number): void {
  liveLimit = checkLimit("setMemoryLimit", bytes);
  boundAddon().setMemoryLimits(liveLimit, cacheLimit);
}

/**
 * Caps `cachedBytes`; `Infinity`, as at the start, leaves a tenth more than was ever live at once, at least 32 MB.
 *
 * @throws {RangeError} if negative or NaN.
 */
export function setCacheLimit(bytes: number): void {
  cacheLimit = checkLimit("setCacheLimit", bytes);
  boundAddon().setMemoryLimits(liveLimit, cacheLimit);
}

function checkLimit(where: string, bytes: number): number {
  if (bytes >= 0) return bytes;
  throw new RangeError(`${where}: expected bytes from 0 to Infinity, got ${bytes}.`);
}

/**
 * Runs `body` and counts what it allocates, temporary or not, under `memoryStats().tags[name]` until it is freed. Inside
 * another tag the inner one counts.
 *
 * @throws {TypeError} if `body` returns a Promise: what runs meanwhile would be counted too.
 * @throws {TorchKernelError} for a 32nd name: tags are few, name kinds of memory, not tensors.
 */
export function withMemoryTag<T>(name: string, body: () => T): T {
  const addon = boundAddon();
  let index = tagIndices.get(name);
  if (index === undefined) {
    index = attempt(() => addon.memoryTag(name));
    tagIndices.set(name, index);
  }
  const before = addon.setMemoryTag(index);
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TypeError("withMemoryTag: expected a synchronous function, got a Promise.");
    return result;
  } finally {
    addon.setMemoryTag(before);
  }
}
