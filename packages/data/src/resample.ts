import { openResampleMemory, type ResampleMemory } from "./resample-memory.js";
import { type ResampleWeights, resampleWeights } from "./resample-weights.js";

/** Pixels of one image. Layout: `[C, H, W]`, row-major. */
export interface Image {
  readonly pixels: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
}

/** An image of bytes as its file holds them. Layout: `bytes` is `[H, W, C]`, row-major; `shape` is `[C, H, W]`. */
export interface ByteImage {
  readonly bytes: Uint8Array;
  readonly shape: Image["shape"];
}

export type Interpolation = "bilinear" | "bicubic";

/** A rectangle of pixels: first row and column, and its size. */
export interface Box {
  readonly row: number;
  readonly column: number;
  readonly height: number;
  readonly width: number;
}

/** What can be done to the result on its way out of the kernel, which costs less than a pass of its own. */
export interface ResampleOutput {
  /** Where the result goes; fresh memory if absent or of another length. */
  readonly pixels?: Float32Array | undefined;
  /** Mirrors left and right. */
  readonly mirrored?: boolean;
  /** Of each channel, to normalize by. */
  readonly scales?: readonly { readonly mean: number; readonly std: number }[] | undefined;
}

/**
 * Resizes a rectangle of an image, antialiased when it shrinks. Pixels outside the rectangle play no part,
 * as if it had been cropped first. A NaN (no data) makes every output whose kernel touches it NaN.
 *
 * Shape: `[C, H, W] → [C, size[0], size[1]]`.
 * Source: PIL's `Image.resize`; equals `torch.nn.functional.interpolate(antialias=True)`.
 */
export function resample(
  image: Image | ByteImage,
  box: Box,
  size: readonly [height: number, width: number],
  interpolation: Interpolation,
  { pixels, mirrored = false, scales }: ResampleOutput = {},
): Image {
  const channels = image.shape[0];
  const [outHeight, outWidth] = size;
  const plane = outHeight * outWidth;
  const output = pixels?.length === channels * plane ? pixels : new Float32Array(channels * plane);
  const down = resampleWeights(box.height, outHeight, interpolation);
  const across = resampleWeights(box.width, outWidth, interpolation);
  // Bytes keep their channels side by side, so that all go through the kernel as the columns of one image.
  const together = "bytes" in image ? channels : 1;
  const columns = box.width * together;
  // [H, columns], then [columns, outH], then [outH, outW] of each channel, each padded to whole eights of rows.
  const between = box.height * columns + PADDING;
  const after = between + roundUp(columns) * outHeight + PADDING;
  const weightsAt = after + roundUp(outHeight * together) * outWidth + PADDING;
  const acrossAt = weightsAt + sizeOfWeights(down);
  const bytesAt = acrossAt + sizeOfWeights(across);
  const rowBytes = together * image.shape[2];
  const memory = openResampleMemory(
    bytesAt + ("bytes" in image ? Math.ceil((box.height * rowBytes) / 4) + PADDING : 0),
  );
  memory.write(down, weightsAt, false);
  memory.write(across, acrossAt, mirrored);
  for (let channel = 0; channel < channels; channel += together) {
    if ("bytes" in image) widenBox(memory, image, box, bytesAt);
    else copyBox(memory, image, box, channel);
    memory.run(0, columns, between, outHeight, down, weightsAt);
    memory.run(between, outHeight * together, after, outWidth, across, acrossAt);
    for (let part = 0; scales && part < together; part++) {
      const { mean, std } = scales[channel + part] as { mean: number; std: number };
      memory.scale(after + part * plane, plane, mean, std);
    }
    output.set(memory.values.subarray(after, after + together * plane), channel * plane);
  }
  return { pixels: output, shape: [channels, outHeight, outWidth] };
}

/** Puts the rectangle of one channel at the start of the kernel's memory. */
function copyBox(
  { values }: ResampleMemory,
  { pixels, shape: [, height, width] }: Image,
  box: Box,
  channel: number,
): void {
  const origin = (channel * height + box.row) * width + box.column;
  for (let row = 0; row < box.height; row++) {
    const from = origin + row * width;
    values.set(pixels.subarray(from, from + box.width), row * box.width);
  }
}

/** Puts the rectangle of all channels there, by way of its rows' bytes at another place. */
function widenBox(
  memory: ResampleMemory,
  { bytes, shape: [channels, , width] }: ByteImage,
  box: Box,
  at: number,
): void {
  const rowBytes = width * channels;
  memory.bytes.set(bytes.subarray(box.row * rowBytes, (box.row + box.height) * rowBytes), at * 4);
  const columns = box.width * channels;
  for (let row = 0; row < box.height; row++)
    memory.widen(at * 4 + row * rowBytes + box.column * channels, row * columns, columns);
}

/** Columns are read and written by eights. */
const PADDING = 8;
const roundUp = (columns: number): number => Math.ceil(columns / PADDING) * PADDING;
const sizeOfWeights = ({ first, weights }: ResampleWeights): number => 2 * first.length + weights.length;
