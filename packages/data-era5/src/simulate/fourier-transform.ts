import { expectation } from "@graticule/core";

/** A complex Fourier transform of one length, in place. */
export interface FourierTransform {
  readonly length: number;
  /**
   * Replaces values by `Σ value_k exp(-2πi jk / length)`. With real and imaginary parts swapped it is the inverse
   * transform, times the length.
   */
  transform(real: Float64Array, imaginary: Float64Array): void;
}

/** Real and imaginary parts. */
type Complex = readonly [Float64Array, Float64Array];

interface Stage {
  readonly radix: number;
  /** Length of the sequences that this stage divides. */
  readonly length: number;
  /** `exp(-2πi k / radix)`, as cosine and sine. */
  readonly roots: Float64Array;
  /** `exp(-2πi pq / length)` for p below length / radix and q below radix. */
  readonly twiddles: Float64Array;
}

/**
 * Plans a transform of a length without prime factors above 5.
 *
 * Source: Stockham's self-sorting algorithm; Van Loan 1992, "Computational Frameworks for the FFT".
 *
 * @throws {RangeError} if the length has other prime factors.
 */
export function makeFourierTransform(length: number): FourierTransform {
  const stages = planStages(length);
  const spares: Complex = [new Float64Array(length), new Float64Array(length)];
  return {
    length,
    transform(real, imaginary) {
      let from: Complex = [real, imaginary];
      let to: Complex = spares;
      let stride = 1;
      for (const stage of stages) {
        if (stage.radix === 4) divideByFour(stage, stride, from, to);
        else divide(stage, stride, from, to);
        [from, to] = [to, from];
        stride *= stage.radix;
      }
      if (from[0] === real) return;
      real.set(from[0]);
      imaginary.set(from[1]);
    },
  };
}

/** Whether `makeFourierTransform` takes a length. */
export function isSmooth(length: number): boolean {
  let rest = length;
  for (const prime of [2, 3, 5]) while (rest % prime === 0 && rest > 1) rest /= prime;
  return rest === 1;
}

function planStages(length: number): Stage[] {
  if (!(Number.isInteger(length) && length >= 1 && isSmooth(length)))
    throw new RangeError(expectation("makeFourierTransform", "a product of 2, 3 and 5", `${length}`));
  const stages: Stage[] = [];
  for (let rest = length; rest > 1; ) {
    const radix = [4, 2, 3, 5].find((factor) => rest % factor === 0) as number;
    const twiddles = new Float64Array(2 * rest);
    for (let p = 0; p < rest / radix; p += 1)
      for (let q = 0; q < radix; q += 1) setRoot(twiddles, p * radix + q, p * q, rest);
    const roots = new Float64Array(2 * radix);
    for (let k = 0; k < radix; k += 1) setRoot(roots, k, k, radix);
    stages.push({ radix, length: rest, roots, twiddles });
    rest /= radix;
  }
  return stages;
}

function setRoot(into: Float64Array, at: number, power: number, length: number): void {
  const angle = (-2 * Math.PI * power) / length;
  into[2 * at] = Math.cos(angle);
  into[2 * at + 1] = Math.sin(angle);
}

function divideByFour({ length, twiddles }: Stage, stride: number, [re, im]: Complex, [toRe, toIm]: Complex): void {
  const quarter = (length / 4) * stride;
  for (let p = 0; p < length / 4; p += 1) {
    const w1 = twiddles[8 * p + 2] as number;
    const v1 = twiddles[8 * p + 3] as number;
    const w2 = twiddles[8 * p + 4] as number;
    const v2 = twiddles[8 * p + 5] as number;
    const w3 = twiddles[8 * p + 6] as number;
    const v3 = twiddles[8 * p + 7] as number;
    for (let k = 0; k < stride; k += 1) {
      const from = p * stride + k;
      const a = re[from] as number;
      const ai = im[from] as number;
      const b = re[from + quarter] as number;
      const bi = im[from + quarter] as number;
      const c = re[from + 2 * quarter] as number;
      const ci = im[from + 2 * quarter] as number;
      const d = re[from + 3 * quarter] as number;
      const di = im[from + 3 * quarter] as number;
      const to = 4 * p * stride + k;
      toRe[to] = a + c + (b + d);
      toIm[to] = ai + ci + (bi + di);
      const x1 = a - c + (bi - di);
      const y1 = ai - ci - (b - d);
      toRe[to + stride] = x1 * w1 - y1 * v1;
      toIm[to + stride] = x1 * v1 + y1 * w1;
      const x2 = a + c - (b + d);
      const y2 = ai + ci - (bi + di);
      toRe[to + 2 * stride] = x2 * w2 - y2 * v2;
      toIm[to + 2 * stride] = x2 * v2 + y2 * w2;
      const x3 = a - c - (bi - di);
      const y3 = ai - ci + (b - d);
      toRe[to + 3 * stride] = x3 * w3 - y3 * v3;
      toIm[to + 3 * stride] = x3 * v3 + y3 * w3;
    }
  }
}

/** The other radices, by their definition. */
function divide(
  { radix, length, roots, twiddles }: Stage,
  stride: number,
  [re, im]: Complex,
  [toRe, toIm]: Complex,
): void {
  const part = length / radix;
  for (let p = 0; p < part; p += 1)
    for (let q = 0; q < radix; q += 1) {
      const w = twiddles[2 * (p * radix + q)] as number;
      const v = twiddles[2 * (p * radix + q) + 1] as number;
      for (let k = 0; k < stride; k += 1) {
        let x = 0;
        let y = 0;
        for (let j = 0; j < radix; j += 1) {
          const root = 2 * ((j * q) % radix);
          const c = roots[root] as number;
          const s = roots[root + 1] as number;
          const from = (p + j * part) * stride + k;
          x += (re[from] as number) * c - (im[from] as number) * s;
          y += (re[from] as number) * s + (im[from] as number) * c;
        }
        const to = (p * radix + q) * stride + k;
        toRe[to] = x * w - y * v;
        toIm[to] = x * v + y * w;
      }
    }
}
