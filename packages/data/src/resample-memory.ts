import { RESAMPLE_KERNEL } from "./resample-kernel.js";
import type { ResampleWeights } from "./resample-weights.js";

/** The WebAssembly kernel with its memory. Places in memory are in values of 4 bytes. */
export interface ResampleMemory {
  readonly values: Float32Array;
  readonly bytes: Uint8Array;
  /** Lays weights down at a place; mirrored, the last output comes first. */
  write(weights: ResampleWeights, at: number, mirrored: boolean): void;
  /** Turns bytes into values, by eights. @param fromByte a place in `bytes`. */
  widen(fromByte: number, to: number, count: number): void;
  /** Shape: `[rows, columns] → [columns, outputs]`, rows and outputs being those of the weights. Columns go by eights. */
  run(from: number, columns: number, to: number, outputs: number, weights: ResampleWeights, weightsAt: number): void;
  /** (value − mean) / std in place, in float32; a NaN becomes 0. */
  scale(at: number, count: number, mean: number, std: number): void;
}

const PAGE_VALUES = 2 ** 14;
/** Memory that a thread keeps between images; a larger image gets memory of its own. Units: values of 4 bytes. */
const KEPT_VALUES = 2 ** 23;

type KernelFunction = (...numbers: readonly number[]) => void;

let module: WebAssembly.Module | undefined;
let kept: ResampleMemory | undefined;

/** The thread's kernel, with room for at least so many values. What it holds is gone with the next call. */
export function openResampleMemory(least: number): ResampleMemory {
  if (least > KEPT_VALUES) return makeResampleMemory(least);
  if (kept === undefined || kept.values.length < least) kept = makeResampleMemory(least);
  return kept;
}

function makeResampleMemory(least: number): ResampleMemory {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(RESAMPLE_KERNEL), (letter) => letter.charCodeAt(0)));
  const { exports } = new WebAssembly.Instance(module);
  const memory = exports.memory as WebAssembly.Memory;
  memory.grow(Math.ceil(least / PAGE_VALUES));
  const resampleColumns = exports.resampleColumns as KernelFunction;
  const widen = exports.widen as KernelFunction;
  const scale = exports.scale as KernelFunction;
  const values = new Float32Array(memory.buffer);
  const integers = new Int32Array(memory.buffer);
  return {
    values,
    bytes: new Uint8Array(memory.buffer),
    write({ first, counts, weights, taps }, at, mirrored) {
      const outputs = first.length;
      integers.set(first, at);
      integers.set(counts, at + outputs);
      const weightsAt = at + 2 * outputs;
      if (!mirrored) return values.set(weights, weightsAt);
      integers.subarray(at, at + outputs).reverse();
      integers.subarray(at + outputs, weightsAt).reverse();
      for (let output = 0; output < outputs; output++)
        for (let tap = 0; tap < taps; tap++)
          values[weightsAt + (outputs - 1 - output) * taps + tap] = weights[output * taps + tap] as number;
    },
    widen: (fromByte, to, count) => widen(fromByte, to * 4, count),
    run(from, columns, to, outputs, { first, taps }, at) {
      const [counts, weights] = [at + first.length, at + 2 * first.length];
      const places = [to * 4, outputs * 4, outputs, at * 4, counts * 4, weights * 4];
      resampleColumns(from * 4, columns * 4, columns, ...places, taps);
    },
    scale(at, count, mean, std) {
      const end = at + count;
      const byFours = end - (count % 4);
      if (byFours > at) scale(at * 4, byFours - at, mean, std);
      for (let place = byFours; place < end; place++)
        values[place] = Math.fround(Math.fround((values[place] as number) - Math.fround(mean)) / Math.fround(std)) || 0;
    },
  };
}
