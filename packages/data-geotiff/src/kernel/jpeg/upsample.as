// Doubles the width or height of chroma by a triangle filter, as libjpeg's "fancy upsampling" does. Rows may be read by a
// byte before their first and 16 behind their last sample, and are written by sixteens.
// Source: the Independent JPEG Group's jdsample.c.

/** Rows stand this far behind their buffer's start. */
export const MARGIN: usize = 16;
/** Samples of a row of chroma in the largest JPEG. */
const LONGEST_ROW = 32768;
const SUMS = memory.data(2 * (LONGEST_ROW + 32), 16) + MARGIN;

/** Each sample twice. */
export function repeatAcross(from: usize, to: usize, width: usize): void {
  for (let at: usize = 0; at < width; at++) store<u16>(to + 2 * at, <u16>load<u8>(from + at) * 257);
}

/** Three parts of a sample and one of its nearer neighbor. Shape: `[width] → [2 · width]`. */
export function doubleAcross(from: usize, to: usize, width: usize): void {
  store<u8>(from - 1, load<u8>(from));
  store<u8>(from + width, load<u8>(from + width - 1));
  const one = i16x8.splat(1);
  for (let at: usize = 0; at < width; at += 8) {
    const three = triple(v128.load8x8_u(from + at));
    const even = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load8x8_u(from + at - 1)), one), 2);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load8x8_u(from + at + 1)), i16x8.splat(2)), 2);
    v128.store(to + 2 * at, v128.or(even, i16x8.shl(odd, 8)));
  }
}

/** Three parts of a row and one of the row that lies nearer. Shape: `[width] → [width]`. */
export function blendRows(near: usize, far: usize, to: usize, width: usize, rounding: i16): void {
  for (let at: usize = 0; at < width; at += 8) {
    const sum = i16x8.add(triple(v128.load8x8_u(near + at)), v128.load8x8_u(far + at));
    const mean = i16x8.shr_u(i16x8.add(sum, i16x8.splat(rounding)), 2);
    v128.store64_lane(to + at, i8x16.narrow_i16x8_u(mean, mean), 0);
  }
}

/** Both. Shape: `[width] → [2 · width]`. */
export function doubleBoth(near: usize, far: usize, to: usize, width: usize): void {
  for (let at: usize = 0; at < width; at += 8)
    v128.store(SUMS + 2 * at, i16x8.add(triple(v128.load8x8_u(near + at)), v128.load8x8_u(far + at)));
  store<u16>(SUMS - 2, load<u16>(SUMS));
  store<u16>(SUMS + 2 * width, load<u16>(SUMS + 2 * width - 2));
  for (let at: usize = 0; at < width; at += 8) {
    const sums = SUMS + 2 * at;
    const three = triple(v128.load(sums));
    const even = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load(sums - 2)), i16x8.splat(8)), 4);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load(sums + 2)), i16x8.splat(7)), 4);
    v128.store(to + 2 * at, v128.or(even, i16x8.shl(odd, 8)));
  }
}

// @ts-ignore
@inline
function triple(values: v128): v128 {
  return i16x8.add(values, i16x8.add(values, values));
}
