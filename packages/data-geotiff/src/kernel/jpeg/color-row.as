// A row of pixels from rows of three components, by sixteens. Source: ITU-T T.871, in libjpeg's 16-bit fixed point.

/** From luma and two chromas. */
export function convertRow(luma: usize, blue: usize, red: usize, to: usize, width: usize): void {
  for (let at: usize = 0; at < width; at += 16, to += 48) {
    const y = v128.load(luma + at);
    const middle = i8x16.splat(-128);
    const cb = v128.xor(v128.load(blue + at), middle);
    const cr = v128.xor(v128.load(red + at), middle);
    const y0 = i16x8.extend_low_i8x16_u(y);
    const y1 = i16x8.extend_high_i8x16_u(y);
    const cb0 = i16x8.extend_low_i8x16_s(cb);
    const cb1 = i16x8.extend_high_i8x16_s(cb);
    const cr0 = i16x8.extend_low_i8x16_s(cr);
    const cr1 = i16x8.extend_high_i8x16_s(cr);
    storePixels(
      i8x16.narrow_i16x8_u(toRed(y0, cr0), toRed(y1, cr1)),
      i8x16.narrow_i16x8_u(toGreen(y0, cb0, cr0), toGreen(y1, cb1, cr1)),
      i8x16.narrow_i16x8_u(toBlue(y0, cb0), toBlue(y1, cb1)),
      to,
    );
  }
}

/** From red, green and blue as they are. */
export function interleaveRow(red: usize, green: usize, blue: usize, to: usize, width: usize): void {
  for (let at: usize = 0; at < width; at += 16, to += 48)
    storePixels(v128.load(red + at), v128.load(green + at), v128.load(blue + at), to);
}

/** y + 1.402 cr. A factor of 13175 / 2¹⁵ rounds every cr as libjpeg's 26345 / 2¹⁶ does. */
// @ts-ignore
@inline
function toRed(y: v128, cr: v128): v128 {
  return i16x8.add(i16x8.add(y, cr), i16x8.q15mulr_sat_s(cr, i16x8.splat(13175)));
}

/** y − 0.34414 cb − 0.71414 cr. */
// @ts-ignore
@inline
function toGreen(y: v128, cb: v128, cr: v128): v128 {
  const factors = i16x8(-11277, 9367, -11277, 9367, -11277, 9367, -11277, 9367);
  const half = i32x4.splat(1 << 14);
  const low = i32x4.dot_i16x8_s(v128.shuffle<u16>(cb, cr, 0, 8, 1, 9, 2, 10, 3, 11), factors);
  const high = i32x4.dot_i16x8_s(v128.shuffle<u16>(cb, cr, 4, 12, 5, 13, 6, 14, 7, 15), factors);
  const part = i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(low, half), 15), i32x4.shr_s(i32x4.add(high, half), 15));
  return i16x8.add(i16x8.sub(y, cr), part);
}

/** y + 1.772 cb. */
// @ts-ignore
@inline
function toBlue(y: v128, cb: v128): v128 {
  return i16x8.add(i16x8.add(y, i16x8.add(cb, cb)), i16x8.q15mulr_sat_s(cb, i16x8.splat(-7471)));
}

// @ts-ignore
@inline
function storePixels(r: v128, g: v128, b: v128, to: usize): void {
  const first = v128.shuffle<u8>(r, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const middle = v128.shuffle<u8>(r, g, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28);
  const last = v128.shuffle<u8>(r, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(to, v128.shuffle<u8>(first, b, 0, 1, 16, 2, 3, 17, 4, 5, 18, 6, 7, 19, 8, 9, 20, 10));
  v128.store(to, v128.shuffle<u8>(middle, b, 1, 21, 2, 3, 22, 4, 5, 23, 6, 7, 24, 8, 9, 25, 10, 11), 16);
  v128.store(to, v128.shuffle<u8>(last, b, 26, 6, 7, 27, 8, 9, 28, 10, 11, 29, 12, 13, 30, 14, 15, 31), 32);
}
