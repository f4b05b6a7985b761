import type { WindowDims } from "./read-plan.js";
import type { Calibration } from "./strided-layout.js";
import { WIDEN_KERNEL } from "./widen-kernel.js";

/** Most bytes of one fetch, so that what is copied stays in the processor's cache. */
export const FETCH_BYTES = 2 ** 19;
/** Most values that are staged at once. */
export const STAGED_VALUES = 2 ** 22;
/** Most bands that are staged at once. */
export const STAGED_BANDS = 2 ** 16;
/** Gain and offset as float64, the missing number as float32, padded to whole float64s. */
const CALIBRATION_BYTES = 24;
/** The kernel reads up to so many bytes past the last number. */
const PADDING = 64;
/** Where the staged window lies. Units: bytes. */
export const STAGED_AT = FETCH_BYTES + PADDING;
const CALIBRATION_AT = STAGED_AT + 4 * (STAGED_VALUES + PADDING);
const PAGE_BYTES = 2 ** 16;

/** A function of the kernel: places, strides and counts. */
export type Widen = (...numbers: number[]) => void;

interface WidenKernel {
  /** Where stored numbers are fetched to. */
  readonly fetched: Buffer;
  /** Where their values go: `[C, H, W]`, or rows of it. */
  readonly staged: Float32Array;
  readonly memory: DataView;
  /** `linesTYPE` and `lanesTYPE`, as `tooling/build/widen-kernel.mjs` has them. */
  readonly functions: Readonly<Record<string, Widen>>;
}

let kernel: WidenKernel | undefined;

/** The kernel of this thread with its memory: reads are synchronous, so no two windows use it at once. */
export function openWidenKernel(): WidenKernel {
  if (kernel) return kernel;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(WIDEN_KERNEL, "base64")));
  const memory = exports.memory as WebAssembly.Memory;
  memory.grow(Math.ceil((CALIBRATION_AT + CALIBRATION_BYTES * STAGED_BANDS) / PAGE_BYTES));
  kernel = {
    fetched: Buffer.from(memory.buffer, 0, FETCH_BYTES),
    staged: new Float32Array(memory.buffer, STAGED_AT, STAGED_VALUES),
    memory: new DataView(memory.buffer),
    functions: exports as unknown as WidenKernel["functions"],
  };
  return kernel;
}

/** Lays down each band's calibration. Where there is none to apply, both numbers are 0. Units: bytes. */
export function writeCalibration(
  memory: DataView,
  { band }: WindowDims,
  { gains, offsets, missing = NaN }: Calibration,
): [at: number, stride: number] {
  if (gains === undefined && offsets === undefined && Number.isNaN(missing)) return [0, 0];
  for (let at = 0; at < band.indices.length; at++) {
    const entry = CALIBRATION_AT + at * CALIBRATION_BYTES;
    memory.setFloat64(entry, gains?.[band.indices[at] as number] ?? 1, true);
    memory.setFloat64(entry + 8, offsets?.[band.indices[at] as number] ?? 0, true);
    memory.setFloat32(entry + 16, missing, true);
  }
  return [CALIBRATION_AT, CALIBRATION_BYTES];
}
