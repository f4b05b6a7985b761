// The inverse cosine transform of 8 × 8 coefficients in 32-bit integers, equal to libjpeg's "slow integer" one.
// Source: Loeffler, Ligtenberg and Moschytz 1989, as arranged in the Independent JPEG Group's jidctint.c.

const WORK = memory.data(128, 16);
const TURNED = memory.data(128, 16);

/** Fixed-point bits of the factors, and those that the first pass keeps. */
const FACTOR_BITS = 13;
const KEPT_BITS = 2;
const FIRST_SHIFT = FACTOR_BITS - KEPT_BITS;
const SECOND_SHIFT = FACTOR_BITS + KEPT_BITS + 3;

/** A block of one value. */
// @ts-ignore
@inline
export function fillBlock(mean: i32, to: usize, stride: usize): void {
  const value = min(max(((mean << KEPT_BITS) + 16) >> 5, -128), 127) + 128;
  const row = <u64>value * 0x0101010101010101;
  for (let end = to + (stride << 3); to < end; to += stride) store<u64>(to, row);
}

/** Shape: `coefficients` int16 `[8, 8]` to bytes `[8, 8]`, rows `stride` bytes apart. */
export function inverseDct(coefficients: usize, to: usize, stride: usize): void {
  pass(coefficients, WORK, FIRST_SHIFT);
  transpose(WORK, TURNED);
  pass(TURNED, WORK, SECOND_SHIFT);
  storeColumns(
    i8x16.narrow_i16x8_s(v128.load(WORK), v128.load(WORK, 16)),
    i8x16.narrow_i16x8_s(v128.load(WORK, 32), v128.load(WORK, 48)),
    i8x16.narrow_i16x8_s(v128.load(WORK, 64), v128.load(WORK, 80)),
    i8x16.narrow_i16x8_s(v128.load(WORK, 96), v128.load(WORK, 112)),
    to,
    stride,
  );
}

/** The same where only the first 4 × 4 coefficients differ from zero. */
export function inverseDctOf4(coefficients: usize, to: usize, stride: usize): void {
  const rows02 = lowPairs(v128.load64_zero(coefficients), v128.load64_zero(coefficients, 32));
  const rows13 = lowPairs(v128.load64_zero(coefficients, 16), v128.load64_zero(coefficients, 48));
  halfOf4(rows02, rows13, WORK, FIRST_SHIFT, 8);
  // Rows of 4 columns, two to a vector, to 4 columns of 8 rows.
  const a = v128.load(WORK);
  const b = v128.load(WORK, 16);
  const c = v128.load(WORK, 32);
  const d = v128.load(WORK, 48);
  const ab0 = v128.shuffle<u16>(a, b, 0, 4, 8, 12, 1, 5, 9, 13);
  const ab2 = v128.shuffle<u16>(a, b, 2, 6, 10, 14, 3, 7, 11, 15);
  const cd0 = v128.shuffle<u16>(c, d, 0, 4, 8, 12, 1, 5, 9, 13);
  const cd2 = v128.shuffle<u16>(c, d, 2, 6, 10, 14, 3, 7, 11, 15);
  const column0 = v128.shuffle<u64>(ab0, cd0, 0, 2);
  const column1 = v128.shuffle<u64>(ab0, cd0, 1, 3);
  const column2 = v128.shuffle<u64>(ab2, cd2, 0, 2);
  const column3 = v128.shuffle<u64>(ab2, cd2, 1, 3);
  halfOf4(lowPairs(column0, column2), lowPairs(column1, column3), WORK, SECOND_SHIFT, 16);
  halfOf4(highPairs(column0, column2), highPairs(column1, column3), WORK + 8, SECOND_SHIFT, 16);
  storeColumns(
    i8x16.narrow_i16x8_s(v128.load(WORK), v128.load(WORK, 16)),
    i8x16.narrow_i16x8_s(v128.load(WORK, 32), v128.load(WORK, 48)),
    i8x16.narrow_i16x8_s(v128.load(WORK, 64), v128.load(WORK, 80)),
    i8x16.narrow_i16x8_s(v128.load(WORK, 96), v128.load(WORK, 112)),
    to,
    stride,
  );
}

// @ts-ignore
@inline
function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore
@inline
function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<u16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** One dimension of all 8 columns of int16 `[8, 8]`. */
// @ts-ignore
@inline
function pass(from: usize, to: usize, shift: i32): void {
  const in0 = v128.load(from);
  const in1 = v128.load(from, 16);
  const in2 = v128.load(from, 32);
  const in3 = v128.load(from, 48);
  const in4 = v128.load(from, 64);
  const in5 = v128.load(from, 80);
  const in6 = v128.load(from, 96);
  const in7 = v128.load(from, 112);
  half(lowPairs(in0, in4), lowPairs(in2, in6), lowPairs(in7, in1), lowPairs(in5, in3), to, shift);
  half(highPairs(in0, in4), highPairs(in2, in6), highPairs(in7, in1), highPairs(in5, in3), to + 8, shift);
}

/** One dimension of 4 columns, from pairs of rows. */
// @ts-ignore
@inline
function half(in04: v128, in26: v128, in71: v128, in53: v128, to: usize, shift: i32): void {
  const rounding = i32x4.splat(1 << (shift - 1));
  const sum = i32x4.add(i32x4.dot_i16x8_s(in04, i16x8(8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192)), rounding);
  const difference = i32x4.add(i32x4.dot_i16x8_s(in04, i16x8(8192, -8192, 8192, -8192, 8192, -8192, 8192, -8192)), rounding);
  const outer = i32x4.dot_i16x8_s(in26, i16x8(10703, 4433, 10703, 4433, 10703, 4433, 10703, 4433));
  const inner = i32x4.dot_i16x8_s(in26, i16x8(4433, -10704, 4433, -10704, 4433, -10704, 4433, -10704));
  const odd0 = i32x4.add(
    i32x4.dot_i16x8_s(in71, i16x8(2260, 11363, 2260, 11363, 2260, 11363, 2260, 11363)),
    i32x4.dot_i16x8_s(in53, i16x8(6437, 9633, 6437, 9633, 6437, 9633, 6437, 9633)),
  );
  const odd1 = i32x4.add(
    i32x4.dot_i16x8_s(in71, i16x8(-6436, 9633, -6436, 9633, -6436, 9633, -6436, 9633)),
    i32x4.dot_i16x8_s(in53, i16x8(-11362, -2259, -11362, -2259, -11362, -2259, -11362, -2259)),
  );
  const odd2 = i32x4.add(
    i32x4.dot_i16x8_s(in71, i16x8(9633, 6437, 9633, 6437, 9633, 6437, 9633, 6437)),
    i32x4.dot_i16x8_s(in53, i16x8(2261, -11362, 2261, -11362, 2261, -11362, 2261, -11362)),
  );
  const odd3 = i32x4.add(
    i32x4.dot_i16x8_s(in71, i16x8(-11363, 2260, -11363, 2260, -11363, 2260, -11363, 2260)),
    i32x4.dot_i16x8_s(in53, i16x8(9633, -6436, 9633, -6436, 9633, -6436, 9633, -6436)),
  );
  finish(
    i32x4.add(sum, outer), i32x4.add(difference, inner), i32x4.sub(difference, inner), i32x4.sub(sum, outer),
    odd0, odd1, odd2, odd3, to, shift, 16,
  );
}

/** The same where only the first four rows differ from zero. */
// @ts-ignore
@inline
function halfOf4(in02: v128, in13: v128, to: usize, shift: i32, step: usize): void {
  const rounding = i32x4.splat(1 << (shift - 1));
  finish(
    i32x4.add(i32x4.dot_i16x8_s(in02, i16x8(8192, 10703, 8192, 10703, 8192, 10703, 8192, 10703)), rounding),
    i32x4.add(i32x4.dot_i16x8_s(in02, i16x8(8192, 4433, 8192, 4433, 8192, 4433, 8192, 4433)), rounding),
    i32x4.add(i32x4.dot_i16x8_s(in02, i16x8(8192, -4433, 8192, -4433, 8192, -4433, 8192, -4433)), rounding),
    i32x4.add(i32x4.dot_i16x8_s(in02, i16x8(8192, -10703, 8192, -10703, 8192, -10703, 8192, -10703)), rounding),
    i32x4.dot_i16x8_s(in13, i16x8(11363, 9633, 11363, 9633, 11363, 9633, 11363, 9633)),
    i32x4.dot_i16x8_s(in13, i16x8(9633, -2259, 9633, -2259, 9633, -2259, 9633, -2259)),
    i32x4.dot_i16x8_s(in13, i16x8(6437, -11362, 6437, -11362, 6437, -11362, 6437, -11362)),
    i32x4.dot_i16x8_s(in13, i16x8(2260, -6436, 2260, -6436, 2260, -6436, 2260, -6436)),
    to, shift, step,
  );
}

/** Eight rows of 4 from the sums over even rows and those over odd ones, `step` bytes apart. */
// @ts-ignore
@inline
function finish(
  even0: v128, even1: v128, even2: v128, even3: v128,
  odd0: v128, odd1: v128, odd2: v128, odd3: v128,
  to: usize, shift: i32, step: usize,
): void {
  const out01 = narrow(i32x4.add(even0, odd0), i32x4.add(even1, odd1), shift);
  const out23 = narrow(i32x4.add(even2, odd2), i32x4.add(even3, odd3), shift);
  const out45 = narrow(i32x4.sub(even3, odd3), i32x4.sub(even2, odd2), shift);
  const out67 = narrow(i32x4.sub(even1, odd1), i32x4.sub(even0, odd0), shift);
  v128.store64_lane(to, out01, 0);
  v128.store64_lane(to + step, out01, 1);
  v128.store64_lane(to + 2 * step, out23, 0);
  v128.store64_lane(to + 3 * step, out23, 1);
  v128.store64_lane(to + 4 * step, out45, 0);
  v128.store64_lane(to + 5 * step, out45, 1);
  v128.store64_lane(to + 6 * step, out67, 0);
  v128.store64_lane(to + 7 * step, out67, 1);
}

// @ts-ignore
@inline
function narrow(a: v128, b: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(a, shift), i32x4.shr_s(b, shift));
}

/** Shape: int16 `[8, 8] → [8, 8]`. */
// @ts-ignore
@inline
function transpose(from: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load(from, 32);
  const d = v128.load(from, 48);
  const e = v128.load(from, 64);
  const f = v128.load(from, 80);
  const g = v128.load(from, 96);
  const h = v128.load(from, 112);
  const ae0 = lowPairs(a, e);
  const ae1 = highPairs(a, e);
  const bf0 = lowPairs(b, f);
  const bf1 = highPairs(b, f);
  const cg0 = lowPairs(c, g);
  const cg1 = highPairs(c, g);
  const dh0 = lowPairs(d, h);
  const dh1 = highPairs(d, h);
  const aceg0 = lowPairs(ae0, cg0);
  const aceg1 = highPairs(ae0, cg0);
  const aceg2 = lowPairs(ae1, cg1);
  const aceg3 = highPairs(ae1, cg1);
  const bdfh0 = lowPairs(bf0, dh0);
  const bdfh1 = highPairs(bf0, dh0);
  const bdfh2 = lowPairs(bf1, dh1);
  const bdfh3 = highPairs(bf1, dh1);
  v128.store(to, lowPairs(aceg0, bdfh0));
  v128.store(to, highPairs(aceg0, bdfh0), 16);
  v128.store(to, lowPairs(aceg1, bdfh1), 32);
  v128.store(to, highPairs(aceg1, bdfh1), 48);
  v128.store(to, lowPairs(aceg2, bdfh2), 64);
  v128.store(to, highPairs(aceg2, bdfh2), 80);
  v128.store(to, lowPairs(aceg3, bdfh3), 96);
  v128.store(to, highPairs(aceg3, bdfh3), 112);
}

/** Stores 8 columns of signed bytes, two to a vector, as rows of unsigned ones. */
// @ts-ignore
@inline
function storeColumns(c01: v128, c23: v128, c45: v128, c67: v128, to: usize, stride: usize): void {
  const middle = i8x16.splat(-128);
  const c04 = lowBytes(c01, c45);
  const c15 = highBytes(c01, c45);
  const c26 = lowBytes(c23, c67);
  const c37 = highBytes(c23, c67);
  const even0 = lowBytes(c04, c26);
  const even4 = highBytes(c04, c26);
  const odd0 = lowBytes(c15, c37);
  const odd4 = highBytes(c15, c37);
  const rows01 = v128.xor(lowBytes(even0, odd0), middle);
  const rows23 = v128.xor(highBytes(even0, odd0), middle);
  const rows45 = v128.xor(lowBytes(even4, odd4), middle);
  const rows67 = v128.xor(highBytes(even4, odd4), middle);
  v128.store64_lane(to, rows01, 0);
  v128.store64_lane(to + stride, rows01, 1);
  v128.store64_lane(to + 2 * stride, rows23, 0);
  v128.store64_lane(to + 3 * stride, rows23, 1);
  v128.store64_lane(to + 4 * stride, rows45, 0);
  v128.store64_lane(to + 5 * stride, rows45, 1);
  v128.store64_lane(to + 6 * stride, rows67, 0);
  v128.store64_lane(to + 7 * stride, rows67, 1);
}

// @ts-ignore
@inline
function lowBytes(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore
@inline
function highBytes(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
