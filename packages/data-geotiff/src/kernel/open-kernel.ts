import { BLOCK_KERNEL } from "./block-kernel.js";

/** The functions of `block-kernel.as` and `inflate-kernel.as`; places and sizes are in bytes unless that file says otherwise. */
interface KernelFunctions {
  readonly memory: WebAssembly.Memory;
  freeFrom(): number;
  inflateZlib(input: number, inputLength: number, output: number, outputLength: number): number;
  decodeLzw(input: number, inputLength: number, output: number, outputLength: number): number;
  readonly undoDifferences8: UndoDifferences;
  readonly undoDifferences16: UndoDifferences;
  readonly undoDifferences32: UndoDifferences;
  readonly undoDifferences64: UndoDifferences;
  undoFloats(from: number, to: number, rows: number, rowLength: number, stride: number, sampleBytes: number): void;
  readonly gatherUint8: Gather;
  readonly gatherInt8: Gather;
  readonly gatherUint16: Gather;
  readonly gatherInt16: Gather;
  readonly gatherFloat32: Gather;
}

type UndoDifferences = (at: number, rows: number, rowLength: number, stride: number) => void;

type Gather = (
  from: number,
  rowStep: number,
  pixelStep: number,
  rows: number,
  count: number,
  to: number,
  missing: number,
) => void;

/** The kernel with room for one input and one output in its memory; good until it is opened again. */
export interface BlockKernel extends KernelFunctions {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly input: number;
  readonly output: number;
}

interface Instance {
  readonly functions: KernelFunctions;
  readonly start: number;
}

const PAGE_BYTES = 2 ** 16;
/** Behind an input and an output. */
export const ROOM_BYTES = 2 ** 13;
/** Memory that a thread keeps; a larger block gets memory of its own. */
const KEPT_BYTES = 2 ** 26;

let module: WebAssembly.Module | undefined;
let kept: Instance | undefined;

/** Opens the kernel with memory for an input and an output. Units: bytes. */
export function openKernel(inputBytes: number, outputBytes: number): BlockKernel {
  const least = inputBytes + outputBytes + 3 * ROOM_BYTES;
  if (least <= KEPT_BYTES) kept ??= makeInstance();
  const { functions, start } = least <= KEPT_BYTES ? (kept as Instance) : makeInstance();
  const { memory } = functions;
  const missing = start + least - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
  const output = start + Math.ceil((inputBytes + ROOM_BYTES) / 16) * 16;
  return { ...functions, bytes, input: start, output };
}

function makeInstance(): Instance {
  module ??= new WebAssembly.Module(Buffer.from(BLOCK_KERNEL, "base64"));
  const functions = new WebAssembly.Instance(module).exports as unknown as KernelFunctions;
  return { functions, start: functions.freeFrom() };
}
