import { RESAMPLE_KERNEL } from "./resample-kernel.js";
import { type ResampleWeights, resampleWeights } from "./resample-weights.js";

/** Pixels of one image. Layout: `[C, H, W]`, row-major. */
export interface Image {
  readonly pixels: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
}

export type Interpolation = "bilinear" | "bicubic";

/** A rectangle of pixels: first row and column, and its size. */
export interface Box {
  readonly row: number;
  readonly column: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes a rectangle of an image, antialiased when it shrinks. Pixels outside the rectangle play no part,
 * as if it had been cropped first. A NaN (no data) makes every output whose kernel touches it NaN.
 *
 * Shape: `[C, H, W] → [C, size[0], size[1]]`.
 * Source: PIL's `Image.resize`; equals `torch.nn.functional.interpolate(antialias=True)`.
 */
export function resample(
  image: Image,
  box: Box,
  size: readonly [height: number, width: number],
  interpolation: Interpolation,
): Image {
  const [channels, height, width] = image.shape;
  const [outHeight, outWidth] = size;
  const down = resampleWeights(box.height, outHeight, interpolation);
  const across = resampleWeights(box.width, outWidth, interpolation);
  const output = new Float32Array(channels * outHeight * outWidth);
  // Behind the box: [W, outH], then [outH, outW], each padded to whole eights of rows.
  const between = box.height * box.width + PADDING;
  const after = between + roundUp(box.width) * outHeight + PADDING;
  const weightsAt = after + roundUp(outHeight) * outWidth + PADDING;
  const kernel = openKernel(weightsAt + sizeOfWeights(down) + sizeOfWeights(across));
  const downAt = kernel.write(down, weightsAt);
  const acrossAt = kernel.write(across, weightsAt + sizeOfWeights(down));
  for (let channel = 0; channel < channels; channel++) {
    const origin = (channel * height + box.row) * width + box.column;
    for (let row = 0; row < box.height; row++) {
      const from = origin + row * width;
      kernel.values.set(image.pixels.subarray(from, from + box.width), row * box.width);
    }
    kernel.run(0, box.width, between, outHeight, down, downAt);
    kernel.run(between, outHeight, after, outWidth, across, acrossAt);
    const plane = outHeight * outWidth;
    output.set(kernel.values.subarray(after, after + plane), channel * plane);
  }
  return { pixels: output, shape: [channels, outHeight, outWidth] };
}

/** Columns are read and written by eights. */
const PADDING = 8;
const roundUp = (columns: number): number => Math.ceil(columns / PADDING) * PADDING;
const sizeOfWeights = ({ first, weights }: ResampleWeights): number => 2 * first.length + weights.length;

/** The WebAssembly kernel with its memory. Places in memory are in values of 4 bytes. */
interface Kernel {
  readonly values: Float32Array;
  /** Lays weights down at a place, and gives it. */
  write(weights: ResampleWeights, at: number): number;
  /** Shape: `[rows, columns] → [columns, outputs]`, rows and outputs being those of the weights. */
  run(from: number, columns: number, to: number, outputs: number, weights: ResampleWeights, weightsAt: number): void;
}

type ResampleColumns = (...numbers: readonly number[]) => void;

const PAGE_VALUES = 2 ** 14;
/** Memory that a thread keeps between images; a larger image gets memory of its own. Units: values of 4 bytes. */
const KEPT_VALUES = 2 ** 23;

let module: WebAssembly.Module | undefined;
let kept: Kernel | undefined;

function openKernel(least: number): Kernel {
  if (least > KEPT_VALUES) return makeKernel(least);
  if (kept === undefined || kept.values.length < least) kept = makeKernel(least);
  return kept;
}

function makeKernel(least: number): Kernel {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(RESAMPLE_KERNEL), (letter) => letter.charCodeAt(0)));
  const { exports } = new WebAssembly.Instance(module);
  const memory = exports.memory as WebAssembly.Memory;
  memory.grow(Math.ceil(least / PAGE_VALUES));
  const resampleColumns = exports.resampleColumns as ResampleColumns;
  const values = new Float32Array(memory.buffer);
  const integers = new Int32Array(memory.buffer);
  return {
    values,
    write({ first, counts, weights }, at) {
      integers.set(first, at);
      integers.set(counts, at + first.length);
      values.set(weights, at + 2 * first.length);
      return at;
    },
    run(from, columns, to, outputs, { first, taps }, at) {
      const [counts, weights] = [at + first.length, at + 2 * first.length];
      const places = [to * 4, outputs * 4, outputs, at * 4, counts * 4, weights * 4];
      resampleColumns(from * 4, columns * 4, columns, ...places, taps);
    },
  };
}
