import type { Interpolation } from "./resample.js";

/** For each output position the first input that it reads and its weights, which sum to one. */
export interface ResampleWeights {
  readonly first: Int32Array;
  /** Number of inputs that an output reads, at least 1. */
  readonly counts: Int32Array;
  /** Shape: `[outputs, taps]`; those beyond an output's count are 0. */
  readonly weights: Float32Array;
  readonly taps: number;
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
  const counts = new Int32Array(outputSize);
  const weights = new Float32Array(outputSize * taps);
  const row = new Float64Array(taps);
  for (let output = 0; output < outputSize; output++) {
    const center = scale * (output + 0.5);
    const start = Math.max(0, Math.floor(center - support + 0.5));
    const count = Math.min(inputSize, Math.floor(center + support + 0.5)) - start;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      row[tap] = filter((tap + start - center + 0.5) / stretch);
      sum += row[tap] as number;
    }
    first[output] = start;
    counts[output] = count;
    for (let tap = 0; tap < count; tap++) weights[output * taps + tap] = (row[tap] as number) / sum;
  }
  return { first, counts, weights, taps };
}

const cache = new Map<string, ResampleWeights>();
const CACHE_LIMIT = 512;

/** Crops draw their sizes from a few hundred values, so weights come back often. */
export function resampleWeights(inputSize: number, outputSize: number, interpolation: Interpolation): ResampleWeights {
  const key = `${inputSize}/${outputSize}/${interpolation}`;
  let found = cache.get(key);
  if (found === undefined) {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    found = computeWeights(inputSize, outputSize, interpolation);
    cache.set(key, found);
  }
  return found;
}
