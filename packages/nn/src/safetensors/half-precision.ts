/**
 * Conversions between float32 and the 16-bit formats, a whole array at a time, by their bits.
 *
 * Source: IEEE 754-2019 §3.6 (binary16), rounding to nearest, ties to even; bfloat16 is the upper half of float32.
 */

/** Layout: binary16 bits → float32; exact. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  const words = new Uint32Array(values.buffer);
  for (let index = 0; index < bits.length; index++) {
    const half = bits[index] as number;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0) {
      // Zero or subnormal: mantissa · 2⁻²⁴ is exact in float32.
      values[index] = mantissa * 2 ** -24;
      words[index] = (words[index] as number) | sign;
    } else {
      const wide = exponent === 0x1f ? 0xff : exponent - 15 + 127;
      words[index] = sign | (wide << 23) | (mantissa << 13);
    }
  }
  return values;
}

/** Layout: float32 → binary16 bits; beyond ±65504 (after rounding) becomes infinity, NaN stays NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const word = words[index] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) bits[index] = sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
    else if (magnitude >= 0x47800000) bits[index] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) {
      // Normal: drop 13 bits of mantissa; a carry out of it rightly enters the exponent, up to infinity.
      const rebased = magnitude - ((127 - 15) << 23);
      bits[index] = sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    } else {
      // Subnormal: in units of 2⁻²⁴ the value is a number below 1024, exact in double precision.
      bits[index] = sign | roundHalfToEven(Math.abs(values[index] as number) * 2 ** 24);
    }
  }
  return bits;
}

/** Layout: bfloat16 bits → float32; exact. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let index = 0; index < bits.length; index++) words[index] = (bits[index] as number) << 16;
  return new Float32Array(words.buffer);
}

/** Layout: float32 → bfloat16 bits; NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const word = words[index] as number;
    const isNan = (word & 0x7fffffff) > 0x7f800000;
    bits[index] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) / 0x10000;
  }
  return bits;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
