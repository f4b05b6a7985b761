/** Real and imaginary parts. */
type Complex = readonly [real: Float64Array, imaginary: Float64Array];

function smallestFactor(length: number): number {
  for (let factor = 2; factor * factor <= length; factor++) if (length % factor === 0) return factor;
  return length;
}

/**
 * Discrete Fourier transform Σ x[l] exp(−2πi k l / L) for any length, fast where it has small prime factors.
 *
 * Source: Cooley & Tukey 1965, decimation in time.
 */
export function fourier(real: Float64Array, imaginary = new Float64Array(real.length)): Complex {
  const length = real.length;
  if (length <= 1) return [real.slice(), imaginary.slice()];
  const radix = smallestFactor(length);
  const part = length / radix;
  const parts = Array.from({ length: radix }, (_, phase): Complex => {
    const pick = (values: Float64Array) =>
      Float64Array.from({ length: part }, (_, at) => values[at * radix + phase] as number);
    return radix === length ? [pick(real), pick(imaginary)] : fourier(pick(real), pick(imaginary));
  });
  const [outReal, outImaginary] = [new Float64Array(length), new Float64Array(length)];
  for (let k = 0; k < length; k++) {
    let [sumReal, sumImaginary] = [0, 0];
    for (let phase = 0; phase < radix; phase++) {
      const angle = (-2 * Math.PI * ((k * phase) % length)) / length;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      const [a, b] = parts[phase] as Complex;
      const [x, y] = [a[k % part] as number, b[k % part] as number];
      sumReal += x * cosine - y * sine;
      sumImaginary += x * sine + y * cosine;
    }
    outReal[k] = sumReal;
    outImaginary[k] = sumImaginary;
  }
  return [outReal, outImaginary];
}
