import { INFLATE_KERNEL } from "./inflate-kernel.js";

/** A zlib stream to be inflated at once. */
export interface ZlibStream {
  readonly bytes: Uint8Array;
  /** Most that it may inflate to. */
  readonly maxBytes: number;
  /** Memory of so many bytes for the result, which is new memory if this is absent. */
  readonly room: ((bytes: number) => Uint8Array) | undefined;
}

type Place = [input: number, inputLength: number, output: number, outputLength: number];

/** The functions of `inflate-kernel.as`; places and sizes are in bytes. */
interface InflateKernel {
  readonly memory: WebAssembly.Memory;
  freeFrom(): number;
  inflateZlib(...place: Place): number;
  inflateTwo(...places: [...Place, ...Place]): number;
  secondResult(): number;
}

const PAGE_BYTES = 2 ** 16;
/** The kernel reads and writes up to this far behind an input and an output. */
const ROOM_BYTES = 1024;

let module: WebAssembly.Module | undefined;
let kernel: InflateKernel | undefined;

/** Of `inflateZlib`, by what it gives below zero. */
const PROBLEMS = ["", "corrupt deflate stream", "unexpected end of the deflate stream", "longer than expected"];

/**
 * Inflates one or two zlib streams; two take less time together than one after the other. Memory of the largest streams
 * and their output stays with the thread.
 *
 * @returns for each what it inflates to, or why it can't: it is corrupt, ends early or is longer.
 */
export function inflateStreams(streams: readonly ZlibStream[]): (Uint8Array | Error)[] {
  kernel ??= makeKernel();
  const { memory, inflateZlib, inflateTwo, secondResult } = kernel;
  let end = kernel.freeFrom();
  const places = streams.map(({ bytes, maxBytes }): Place => {
    const input = end;
    const output = (input + bytes.length + ROOM_BYTES) & ~15;
    end = (output + maxBytes + ROOM_BYTES) & ~15;
    return [input, bytes.length, output, maxBytes];
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  const content = new Uint8Array(memory.buffer as ArrayBuffer);
  for (const [index, { bytes }] of streams.entries()) content.set(bytes, (places[index] as Place)[0]);
  const [first, second] = places as [Place, Place?];
  const lengths = second ? [inflateTwo(...first, ...second), secondResult()] : [inflateZlib(...first)];
  return streams.map(({ room }, index) => {
    const length = lengths[index] as number;
    if (length < 0) return new Error(PROBLEMS[-length]);
    const output = (places[index] as Place)[2];
    const inflated = content.subarray(output, output + length);
    const target = room?.(length);
    target?.set(inflated);
    return target ?? inflated.slice();
  });
}

/**
 * Inflates a zlib stream of at most `maxBytes`.
 *
 * @throws {Error} if the stream is corrupt, ends early or is longer.
 */
export function inflateZlib(bytes: Uint8Array, maxBytes: number, room?: ZlibStream["room"]): Uint8Array {
  const [result] = inflateStreams([{ bytes, maxBytes, room }]) as [Uint8Array | Error];
  if (result instanceof Error) throw result;
  return result;
}

function makeKernel(): InflateKernel {
  module ??= new WebAssembly.Module(Buffer.from(INFLATE_KERNEL, "base64"));
  return new WebAssembly.Instance(module).exports as unknown as InflateKernel;
}
