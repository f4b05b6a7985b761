import type { Batch } from "./batch.js";

/** Memory of a batch that its consumer has given back, for a later one with as many values; it holds the old ones. */
export interface BatchMemory {
  readonly images: Float32Array;
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/**
 * Takes a batch's memory out of it: its images and arrays are empty from then on, so that nobody reads in them what
 * comes next. Undefined if it has none any more.
 */
export function takeMemory({ images, arrays }: Batch): BatchMemory | undefined {
  if (images.length === 0) return undefined;
  const memory = {
    images,
    arrays: Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data])),
  };
  return structuredClone(memory, { transfer: memoryBuffers(memory) });
}

/** The buffers of memory, which go to another thread without a copy. */
export function memoryBuffers({ images, arrays }: BatchMemory): ArrayBuffer[] {
  return [images, ...Object.values(arrays)].map(({ buffer }) => buffer as ArrayBuffer);
}

/** `memory` if it has room for exactly that many values, else new memory. */
export function roomFor(values: number, memory: Float32Array | undefined): Float32Array {
  return memory?.length === values ? memory : new Float32Array(values);
}
