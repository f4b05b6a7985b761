import { INFLATE_KERNEL } from "./inflate-kernel.js";

/** The functions of `inflate-kernel.as`; places and sizes are in bytes. */
interface InflateKernel {
  readonly memory: WebAssembly.Memory;
  freeFrom(): number;
  inflateZlib(input: number, inputLength: number, output: number, outputLength: number): number;
}

const PAGE_BYTES = 2 ** 16;
/** The kernel reads and writes up to this far behind an input and an output. */
const ROOM_BYTES = 1024;

let module: WebAssembly.Module | undefined;
let kernel: InflateKernel | undefined;

/** Of `inflateZlib`, by what it gives below zero. */
const PROBLEMS = ["", "corrupt deflate stream", "unexpected end of the deflate stream", "longer than expected"];

/**
 * Inflates a zlib stream of at most `maxBytes` at once, into new memory, or some that `room` yields. Memory of the
 * largest stream and its output stays with the thread.
 *
 * @throws {Error} if the stream is corrupt, ends early or is longer.
 */
export function inflateZlib(bytes: Uint8Array, maxBytes: number, room?: (bytes: number) => Uint8Array): Uint8Array {
  kernel ??= makeKernel();
  const input = kernel.freeFrom();
  const output = (input + bytes.length + ROOM_BYTES) & ~15;
  const missing = output + maxBytes + ROOM_BYTES - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
  const memory = new Uint8Array(kernel.memory.buffer as ArrayBuffer);
  memory.set(bytes, input);
  const length = kernel.inflateZlib(input, bytes.length, output, maxBytes);
  if (length < 0) throw new Error(PROBLEMS[-length]);
  const inflated = memory.subarray(output, output + length);
  const target = room?.(length);
  target?.set(inflated);
  return target ?? inflated.slice();
}

function makeKernel(): InflateKernel {
  module ??= new WebAssembly.Module(Buffer.from(INFLATE_KERNEL, "base64"));
  return new WebAssembly.Instance(module).exports as unknown as InflateKernel;
}
