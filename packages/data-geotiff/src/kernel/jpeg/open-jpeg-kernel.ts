import { JPEG_KERNEL } from "./jpeg-kernel.js";

/** The functions of `jpeg-kernel.as`, which says what their arguments are. */
interface KernelFunctions {
  readonly memory: WebAssembly.Memory;
  freeFrom(): number;
  setHuffman(slot: number, segment: number): number;
  setComponent(component: number, segment: number, isWide: boolean, dcSlot: number, acSlot: number): void;
  openScan(
    width: number,
    height: number,
    components: number,
    across: number,
    down: number,
    isYcc: boolean,
    interval: number,
    from: number,
    end: number,
    free: number,
  ): number;
  decodeRows(): number;
}

/** The kernel with room for a file at `input`; what it holds is gone when it is opened again. */
export interface JpegKernel {
  readonly functions: KernelFunctions;
  readonly memory: WebAssembly.Memory & { readonly buffer: ArrayBuffer };
  readonly input: number;
  readonly free: number;
}

const PAGE_BYTES = 2 ** 16;
/** Behind a file. */
const ROOM_BYTES = 64;
/** Files up to this size are decoded in memory that a thread keeps; a larger one gets memory of its own. */
const KEPT_BYTES = 2 ** 24;

let module: WebAssembly.Module | undefined;
let kept: KernelFunctions | undefined;

export function openJpegKernel(fileBytes: number): JpegKernel {
  if (fileBytes <= KEPT_BYTES) kept ??= makeInstance();
  const functions = fileBytes <= KEPT_BYTES ? (kept as KernelFunctions) : makeInstance();
  const memory = functions.memory as JpegKernel["memory"];
  const input = functions.freeFrom();
  const free = input + fileBytes + ROOM_BYTES;
  const missing = free - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return { functions, memory, input, free };
}

function makeInstance(): KernelFunctions {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(JPEG_KERNEL), (letter) => letter.charCodeAt(0)));
  return new WebAssembly.Instance(module).exports as unknown as KernelFunctions;
}
