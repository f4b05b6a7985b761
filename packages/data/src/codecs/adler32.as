// zlib's checksum.
// Source: RFC 1950, section 8.2.

/** After more bytes sums of 32 bits could overflow; those of 16 bits at twice as many. */
const MOST_BYTES: usize = 5504;
/** Bytes at once. */
const STEP: usize = 64;

/** Sums of bytes, and of those sums, modulo 65,521. */
export function adler32(from: usize, end: usize): u32 {
  let low: u32 = 1;
  let high: u32 = 0;
  while (from < end) {
    const part = min<usize>(end - from, MOST_BYTES);
    const stop = from + part;
    const steps = part / STEP;
    let before = i32x4.splat(0); // sums of `low` at the start of each step, without its start
    let bytes = i32x4.splat(0);
    let a = i16x8.splat(0); // sums of the bytes at each place in a step
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let index: usize = 0; index < steps; index++, from += STEP) {
      const first = v128.load(from);
      const second = v128.load(from, 16);
      const third = v128.load(from, 32);
      const fourth = v128.load(from, 48);
      before = i32x4.add(before, bytes);
      const ends = i16x8.add(i16x8.extadd_pairwise_i8x16_u(first), i16x8.extadd_pairwise_i8x16_u(fourth));
      const middle = i16x8.add(i16x8.extadd_pairwise_i8x16_u(second), i16x8.extadd_pairwise_i8x16_u(third));
      bytes = i32x4.add(bytes, i32x4.extadd_pairwise_i16x8_u(i16x8.add(ends, middle)));
      a = i16x8.add(a, i16x8.extend_low_i8x16_u(first));
      b = i16x8.add(b, i16x8.extend_high_i8x16_u(first));
      c = i16x8.add(c, i16x8.extend_low_i8x16_u(second));
      d = i16x8.add(d, i16x8.extend_high_i8x16_u(second));
      e = i16x8.add(e, i16x8.extend_low_i8x16_u(third));
      f = i16x8.add(f, i16x8.extend_high_i8x16_u(third));
      g = i16x8.add(g, i16x8.extend_low_i8x16_u(fourth));
      h = i16x8.add(h, i16x8.extend_high_i8x16_u(fourth));
    }
    // Each byte counts as often as there are places from it to the step's end.
    let weights = i16x8(64, 63, 62, 61, 60, 59, 58, 57);
    const eight = i16x8.splat(8);
    let weighted = i32x4.dot_i16x8_s(a, weights);
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(b, weights));
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(c, weights));
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(d, weights));
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(e, weights));
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(f, weights));
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(g, weights));
    weights = i16x8.sub(weights, eight);
    weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(h, weights));
    high += low * <u32>(steps * STEP) + sumOf(before) * <u32>STEP + sumOf(weighted);
    low += sumOf(bytes);
    for (; from < stop; from++) {
      low += load<u8>(from);
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return (high << 16) | low;
}

// @ts-ignore
@inline
function sumOf(lanes: v128): u32 {
  return i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
}
