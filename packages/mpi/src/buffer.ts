import { arrayElementCode, type ElementArray, elementCode, elementTypes } from "./element-type.js";

/** 16-bit floats in JavaScript's memory, which has no array of them. */
export interface HalfArray {
  readonly values: Uint16Array;
  readonly dtype: "bfloat16" | "float16";
}

/**
 * Memory outside JavaScript, such as what `dataPointer` of `@graticule/tfjs-backend-torch` returns. The caller keeps it
 * allocated until the operation is done.
 *
 * An operation on memory of a GPU comes after all that the device's default stream, LibTorch's, has got to do when it is
 * called. Once it is done, whatever that stream does from then on comes after it.
 */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: number;
  /** An element type, or `bool` (one byte). */
  readonly dtype: string;
  /** `cpu`, `cuda:1` or `hip:1`; memory of other devices is refused. */
  readonly device: string;
}

/** What operations read and write. */
export type MpiBuffer = ElementArray | HalfArray | NativeMemory;

/** A buffer as the addon takes it. */
export interface Memory {
  readonly data: ElementArray | bigint;
  readonly elementType: number;
  /** Elements. */
  readonly length: number;
  /** The GPU that it lies on, such as `cuda:0`; absent for memory of the host. */
  readonly device?: string;
}

/** MPI counts elements in 32 bits. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/**
 * @throws {TypeError} if it is no buffer, or of a type or device that MPI can't reach.
 * @throws {RangeError} if it has more elements than one operation takes.
 */
export function memoryOf(where: string, buffer: MpiBuffer): Memory {
  const memory = ArrayBuffer.isView(buffer) ? arrayMemory(buffer) : describedMemory(where, buffer);
  if (!memory)
    throw new TypeError(
      `${where}: expected a typed array, { values, dtype } or { address, bytes, dtype, device }, got ${describe(buffer)}.`,
    );
  if (memory.length > MOST_ELEMENTS)
    throw new RangeError(
      `${where}: expected at most ${MOST_ELEMENTS} elements, got ${memory.length}. Call it for one part after another.`,
    );
  return memory;
}

function arrayMemory(array: ElementArray): Memory | undefined {
  const elementType = arrayElementCode(array);
  return elementType === undefined ? undefined : { data: array, elementType, length: array.length };
}

function describedMemory(where: string, buffer: HalfArray | NativeMemory): Memory | undefined {
  if (typeof buffer !== "object" || buffer === null) return undefined;
  const elementType = elementCode(buffer.dtype);
  if ("values" in buffer) {
    if (!(buffer.values instanceof Uint16Array) || !["bfloat16", "float16"].includes(buffer.dtype)) return undefined;
    return { data: buffer.values, elementType: elementType as number, length: buffer.values.length };
  }
  if (typeof buffer.address !== "bigint" || !Number.isSafeInteger(buffer.bytes) || buffer.bytes < 0) return undefined;
  if (elementType === undefined) return undefined;
  const device = deviceOf(where, buffer.device);
  const { bytes } = elementTypes[elementType] as { bytes: number };
  if (buffer.bytes % bytes !== 0) return undefined;
  return { data: buffer.address, elementType, length: buffer.bytes / bytes, ...(device !== undefined && { device }) };
}

/** `cuda:0` for `cuda`; undefined for the host. */
function deviceOf(where: string, name: unknown): string | undefined {
  if (name === "cpu") return undefined;
  const [, kind, index = "0"] = /^(cuda|hip)(?::(\d+))?$/.exec(String(name)) ?? [];
  if (kind !== undefined) return `${kind}:${index}`;
  throw new TypeError(
    `${where}: expected memory of device cpu, cuda or hip, got ${String(name)}. Copy it to the host first.`,
  );
}

function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  const dtype = "dtype" in value ? ` of dtype ${String(value.dtype)}` : "";
  return `${value.constructor?.name ?? "an object"}${dtype}`;
}

/** Whether two buffers share memory, as far as that can be seen. */
export function overlap(a: Memory, b: Memory): boolean {
  const [startA, startB] = [startOf(a), startOf(b)];
  if (startA.base !== startB.base) return false;
  return startA.offset < startB.offset + byteLength(b) && startB.offset < startA.offset + byteLength(a);
}

/** Whether `part` is just what lies in `whole` from an element on. */
export function isPartAt(part: Memory, whole: Memory, element: number): boolean {
  const [start, begin] = [startOf(part), startOf(whole)];
  return start.base === begin.base && start.offset === begin.offset + element * elementBytesOf(whole);
}

function startOf({ data, device = "cpu" }: Memory): { base: unknown; offset: number } {
  return typeof data === "bigint"
    ? { base: device, offset: Number(data) }
    : { base: data.buffer, offset: data.byteOffset };
}

export function elementBytesOf({ elementType }: Memory): number {
  return (elementTypes[elementType] as { bytes: number }).bytes;
}

function byteLength(memory: Memory): number {
  return memory.length * elementBytesOf(memory);
}
