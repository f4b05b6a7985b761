import { CHUNK_KERNEL } from "./chunk-kernel.js";

/** The WebAssembly kernel with its memory. Places are bytes in it. */
export interface ChunkMemory {
  readonly bytes: Uint8Array;
  /** Decodes the LZ4 block `[at, end)` into `[first, last)`; 0 if it is corrupt or doesn't fill it exactly. */
  readonly decodeLz4: (at: number, end: number, first: number, last: number) => number;
  /** Undoes the shuffle of `elements` > 0 elements of 2 bytes, whose first and second bytes lie `stride` apart. */
  readonly joinPairs: JoinPlanes;
  /** The same for elements of 4 bytes. */
  readonly joinQuads: JoinPlanes;
  /** 0 if no float32 of the bytes `[at, end)` equals one of the two marks. */
  readonly holdsMark: (at: number, end: number, first: number, second: number) => number;
  /** Unpacks the 2-byte integers of the bytes `[from, end)` to float32: NaN for the marks and outside `[least, most]`. */
  readonly unpackShorts: (
    from: number,
    end: number,
    to: number,
    unsigned: number,
    scale: number,
    offset: number,
    first: number,
    second: number,
    least: number,
    most: number,
  ) => void;
}

export type JoinPlanes = (from: number, stride: number, elements: number, to: number) => void;

/** Where the caller's bytes begin: the kernel's own tables lie before. Units: bytes. */
export const KERNEL_START = 272;

/** The kernel writes and reads up to this far behind what it was asked for. Units: bytes. */
export const KERNEL_ROOM = 64;

const PAGE_BYTES = 2 ** 16;
/** Memory that a thread keeps; what is larger gets memory of its own. Units: bytes. */
const KEPT_BYTES = 2 ** 24;

let module: WebAssembly.Module | undefined;
let kept: ChunkMemory | undefined;

/** This thread's memory, of `least` bytes at least, tables included. Its content is lost when it is opened again. */
export function openChunkMemory(least: number): ChunkMemory {
  if (least > KEPT_BYTES) return makeChunkMemory(least);
  if (kept === undefined || kept.bytes.length < least) kept = makeChunkMemory(least);
  return kept;
}

function makeChunkMemory(least: number): ChunkMemory {
  module ??= new WebAssembly.Module(Buffer.from(CHUNK_KERNEL, "base64"));
  const { exports } = new WebAssembly.Instance(module);
  const memory = exports.memory as WebAssembly.Memory;
  memory.grow(Math.ceil(least / PAGE_BYTES));
  return { ...(exports as unknown as ChunkMemory), bytes: new Uint8Array(memory.buffer) };
}
