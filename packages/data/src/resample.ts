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

/** For each output position the first input it reads and `taps` weights (zero-padded) that sum to one. */
interface ResampleWeights {
  readonly first: Int32Array;
  readonly taps: number;
  readonly weights: Float32Array;
}

const SUPPORT = { bilinear: 1, bicubic: 2 } as const;

/** Keys' cubic with a = −0.5 (Catmull–Rom), the one that PIL and torchvision's antialiased resize use. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

function computeWeights(inputSize: number, outputSize: number, interpolation: Interpolation): ResampleWeights {
  const filter = interpolation === "bicubic" ? cubic : triangle;
  const scale = inputSize / outputSize;
  const stretch = Math.max(scale, 1);
  const support = SUPPORT[interpolation] * stretch;
  const taps = Math.min(inputSize, Math.ceil(support) * 2 + 1);
  const first = new Int32Array(outputSize);
  const weights = new Float32Array(outputSize * taps);
  const row = new Float64Array(taps);
  for (let output = 0; output < outputSize; output++) {
    const center = scale * (output + 0.5);
    const start = Math.max(0, Math.floor(center - support + 0.5));
    const count = Math.min(inputSize, Math.floor(center + support + 0.5)) - start;
    // The last window may end with the input: move it left so that every row of taps stays inside.
    const shifted = Math.min(start, inputSize - taps);
    let sum = 0;
    row.fill(0);
    for (let tap = 0; tap < count; tap++) {
      const weight = filter((tap + start - center + 0.5) / stretch);
      row[tap + start - shifted] = weight;
      sum += weight;
    }
    first[output] = shifted;
    for (let tap = 0; tap < taps; tap++) weights[output * taps + tap] = (row[tap] as number) / sum;
  }
  return { first, taps, weights };
}

const cache = new Map<string, ResampleWeights>();
const CACHE_LIMIT = 512;

/** Crops draw their sizes from a few hundred values, so weights come back often. */
function weightsFor(inputSize: number, outputSize: number, interpolation: Interpolation): ResampleWeights {
  const key = `${inputSize}/${outputSize}/${interpolation}`;
  let found = cache.get(key);
  if (found === undefined) {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    found = computeWeights(inputSize, outputSize, interpolation);
    cache.set(key, found);
  }
  return found;
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
  const across = weightsFor(box.width, outWidth, interpolation);
  const down = weightsFor(box.height, outHeight, interpolation);
  const output = new Float32Array(channels * outHeight * outWidth);
  const narrow = new Float32Array(box.height * outWidth); // [H, outW]
  for (let channel = 0; channel < channels; channel++) {
    const origin = (channel * height + box.row) * width + box.column;
    resampleRows(image.pixels, origin, width, box.height, across, narrow, outWidth);
    resampleColumns(narrow, outWidth, down, output, channel * outHeight * outWidth, outHeight);
  }
  return { pixels: output, shape: [channels, outHeight, outWidth] };
}

function resampleRows(
  input: Float32Array,
  origin: number,
  stride: number,
  rows: number,
  { first, taps, weights }: ResampleWeights,
  output: Float32Array,
  outWidth: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = origin + row * stride;
    const to = row * outWidth;
    for (let column = 0; column < outWidth; column++) {
      const start = from + (first[column] as number);
      const offset = column * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += (input[start + tap] as number) * (weights[offset + tap] as number);
      output[to + column] = sum;
    }
  }
}

function resampleColumns(
  input: Float32Array,
  width: number,
  { first, taps, weights }: ResampleWeights,
  output: Float32Array,
  origin: number,
  outHeight: number,
): void {
  for (let row = 0; row < outHeight; row++) {
    const to = origin + row * width;
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[row * taps + tap] as number;
      if (weight === 0) continue;
      const from = ((first[row] as number) + tap) * width;
      for (let column = 0; column < width; column++)
        output[to + column] = (output[to + column] as number) + weight * (input[from + column] as number);
    }
  }
}
