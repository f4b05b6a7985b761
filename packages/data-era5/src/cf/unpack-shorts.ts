import { KERNEL_ROOM, KERNEL_START, openChunkMemory } from "@graticule/data/arrays";

/** Values that go through the kernel at once: they stay in the nearest cache. */
const STRIP = 2 ** 12;

/** No number of 16 bits. */
const NEVER = 2 ** 31 - 1;

/** Which stored numbers are missing: at most two marks, and those outside of bounds. */
export interface Missing {
  readonly marks: readonly number[];
  readonly least: number;
  readonly most: number;
}

/** `float32(value · scale + offset)` of 16-bit integers, NaN where they are missing, into `target`, which it returns. */
export function unpackShorts(
  source: Int16Array | Uint16Array,
  { marks, least, most }: Missing,
  scale: number,
  offset: number,
  target: Float32Array,
): Float32Array {
  const to = KERNEL_START + 2 * STRIP + KERNEL_ROOM;
  const memory = openChunkMemory(to + 4 * STRIP + KERNEL_ROOM);
  const shorts = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const values = new Float32Array(memory.bytes.buffer, to, STRIP);
  const unsigned = Number(source instanceof Uint16Array);
  const [first = NEVER, second = NEVER] = marks.filter((mark) => Number.isInteger(mark) && Math.abs(mark) < NEVER);
  const [low, high] = [Math.max(-NEVER, Math.ceil(least)), Math.min(NEVER, Math.floor(most))];
  for (let at = 0; at < source.length; at += STRIP) {
    const count = Math.min(STRIP, source.length - at);
    memory.bytes.set(shorts.subarray(2 * at, 2 * (at + count)), KERNEL_START);
    memory.unpackShorts(KERNEL_START, KERNEL_START + 2 * count, to, unsigned, scale, offset, first, second, low, high);
    target.set(values.subarray(0, count), at);
  }
  return target;
}

/** Makes float32 values NaN that equal a mark. */
export function markMissingFloats(values: Float32Array, marks: readonly number[]): void {
  const memory = openChunkMemory(KERNEL_START + 4 * STRIP + KERNEL_ROOM);
  const strip = new Float32Array(memory.bytes.buffer, KERNEL_START, STRIP);
  const [first = NaN, second = NaN] = marks;
  for (let at = 0; at < values.length; at += STRIP) {
    const part = values.subarray(at, at + STRIP);
    strip.set(part);
    if (!memory.holdsMark(KERNEL_START, KERNEL_START + 4 * part.length, first, second)) continue;
    for (let index = 0; index < part.length; index++)
      if (part[index] === first || part[index] === second) part[index] = NaN;
  }
}
