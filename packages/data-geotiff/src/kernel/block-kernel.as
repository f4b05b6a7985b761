// What is slow in JavaScript about a TIFF block, for WebAssembly. Every place is a byte offset in the module's memory;
// 8192 bytes behind an input or output may be overrun.
// Source: TIFF 6.0, sections 13 and 14; Adobe TIFF Technical Note 3.

export { inflateZlib } from "../../../data/src/codecs/inflate-kernel";

/** Where each code's string lies, and in the upper half its length; 0 for the codes that stand for no bytes. */
const LZW_TABLE = memory.data(4096 * 8, 16);
/** The strings of one byte; a copy reads eight. */
const ALL_BYTES = memory.data(256 + 8, 16);

for (let byte: u32 = 0; byte < 256; byte++) {
  store<u8>(ALL_BYTES + byte, byte);
  store<u64>(LZW_TABLE + (byte << 3), <u64>(ALL_BYTES + byte) | (1 << 32));
}

/** Where memory is free. */
export function freeFrom(): usize {
  return (__heap_base + 15) & ~15;
}

/**
 * Undoes LZW. A code's string is the one before it and a byte more, so it is there in the output already. Gives the
 * number of bytes, or −1 for an impossible code.
 */
export function decodeLzw(input: usize, inputLength: usize, output: usize, outputLength: usize): i32 {
  const end = output + outputLength;
  const inputBits = <u64>inputLength << 3;
  let position: u64 = 0;
  let width: u32 = 9;
  let limit: u32 = 511; // the code after which codes are one bit wider
  let next: u32 = 258;
  let previous: usize = 0;
  let previousLength: u32 = 0;
  let to = output;
  while (to < end) {
    const word = bswap<u32>(load<u32>(input + <usize>(position >> 3)));
    const code = (word << <u32>(position & 7)) >> (32 - width);
    position += width;
    if (position > inputBits) break;
    if (previousLength != 0 && next < 4096) {
      // The byte that ends this string is the first of what is written now.
      store<u64>(LZW_TABLE + (next << 3), <u64>previous | (<u64>(previousLength + 1) << 32));
      next++;
    }
    if (code >= next) return -1;
    const entry = load<u64>(LZW_TABLE + (code << 3));
    const length = <u32>(entry >> 32);
    if (length == 0) {
      if (code != 256) break;
      next = 258;
      width = 9;
      limit = 511;
      previousLength = 0;
      continue;
    }
    if (previousLength == 0 && code >= 256) return -1;
    let from = <usize>entry;
    previous = to;
    previousLength = length;
    const stop = to + length;
    store<u64>(to, load<u64>(from));
    if (length > 8)
      do {
        from += 8;
        to += 8;
        store<u64>(to, load<u64>(from));
      } while (to + 8 < stop);
    // A string that reaches into itself by a byte ends as it begins.
    if (<usize>entry + length > previous && code >= 256) store<u8>(stop - 1, load<u8>(previous));
    to = stop;
    if (next >= limit && width < 12) {
      width++;
      limit = (1 << width) - 1;
    }
  }
  return <i32>(min(to, end) - output);
}

/** Undoes horizontal differences of 1-byte samples, row by row. */
export function undoDifferences8(at: usize, rows: u32, rowLength: usize, stride: usize): void {
  for (; rows > 0; rows--, at += rowLength)
    for (let index = at + stride; index < at + rowLength; index++)
      store<u8>(index, load<u8>(index) + load<u8>(index - stride));
}

/** The same of 2-byte samples. */
export function undoDifferences16(at: usize, rows: u32, rowLength: usize, stride: usize): void {
  const rowBytes = rowLength << 1;
  const pixel = stride << 1;
  for (; rows > 0; rows--, at += rowBytes) {
    const end = at + rowBytes;
    if (stride == 1) {
      let sum: u32 = 0;
      for (let index = at; index < end; index += 2) {
        sum += load<u16>(index);
        store<u16>(index, sum);
      }
    } else if (stride == 4) {
      let sums = i16x8.splat(0);
      for (let index = at; index < end; index += 8) {
        sums = i16x8.add(sums, v128.load64_zero(index));
        v128.store64_lane(index, sums, 0);
      }
    } else
      for (let index = at + pixel; index < end; index += 2) store<u16>(index, load<u16>(index) + load<u16>(index - pixel));
  }
}

/** The same of 4-byte samples. */
export function undoDifferences32(at: usize, rows: u32, rowLength: usize, stride: usize): void {
  const rowBytes = rowLength << 2;
  const pixel = stride << 2;
  for (; rows > 0; rows--, at += rowBytes)
    for (let index = at + pixel; index < at + rowBytes; index += 4)
      store<u32>(index, load<u32>(index) + load<u32>(index - pixel));
}

/** The same of 8-byte samples. */
export function undoDifferences64(at: usize, rows: u32, rowLength: usize, stride: usize): void {
  const rowBytes = rowLength << 3;
  const pixel = stride << 3;
  for (; rows > 0; rows--, at += rowBytes)
    for (let index = at + pixel; index < at + rowBytes; index += 8)
      store<u64>(index, load<u64>(index) + load<u64>(index - pixel));
}

/** Undoes byte differences within each row; `stride` bytes lie between a byte and what it was taken from. */
function addBytes(at: usize, rowBytes: usize, stride: usize): void {
  const end = at + rowBytes;
  if (stride != 4 && stride != 2 && stride != 1) {
    for (let index = at + stride; index < end; index++) store<u8>(index, load<u8>(index) + load<u8>(index - stride));
    return;
  }
  const zero = i8x16.splat(0);
  const last = stride == 4
    ? i8x16(12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15)
    : stride == 2
      ? i8x16(14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15)
      : i8x16.splat(15);
  let carry = zero;
  let index = at;
  for (; index + 16 <= end; index += 16) {
    let sums = v128.load(index);
    if (stride == 1) sums = i8x16.add(sums, v128.shuffle<u8>(zero, sums, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30));
    if (stride <= 2) sums = i8x16.add(sums, v128.shuffle<u8>(zero, sums, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29));
    sums = i8x16.add(sums, v128.shuffle<u8>(zero, sums, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27));
    sums = i8x16.add(sums, v128.shuffle<u8>(zero, sums, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23));
    sums = i8x16.add(sums, carry);
    v128.store(index, sums);
    carry = i8x16.swizzle(sums, last);
  }
  for (index = max(index, at + stride); index < end; index++)
    store<u8>(index, load<u8>(index) + load<u8>(index - stride));
}

/** Undoes the floating-point predictor; samples come out least significant byte first. */
export function undoFloats(from: usize, to: usize, rows: u32, rowLength: usize, stride: usize, sampleBytes: usize): void {
  const rowBytes = rowLength * sampleBytes;
  for (; rows > 0; rows--, from += rowBytes, to += rowBytes) {
    addBytes(from, rowBytes, stride);
    let sample: usize = 0;
    if (sampleBytes == 4)
      for (; sample + 16 <= rowLength; sample += 16) {
        const a = v128.load(from + sample + 3 * rowLength);
        const b = v128.load(from + sample + 2 * rowLength);
        const c = v128.load(from + sample + rowLength);
        const d = v128.load(from + sample);
        const lowAB = v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const highAB = v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const lowCD = v128.shuffle<u8>(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const highCD = v128.shuffle<u8>(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const at = to + (sample << 2);
        v128.store(at, v128.shuffle<u16>(lowAB, lowCD, 0, 8, 1, 9, 2, 10, 3, 11));
        v128.store(at, v128.shuffle<u16>(lowAB, lowCD, 4, 12, 5, 13, 6, 14, 7, 15), 16);
        v128.store(at, v128.shuffle<u16>(highAB, highCD, 0, 8, 1, 9, 2, 10, 3, 11), 32);
        v128.store(at, v128.shuffle<u16>(highAB, highCD, 4, 12, 5, 13, 6, 14, 7, 15), 48);
      }
    for (; sample < rowLength; sample++)
      for (let byte: usize = 0; byte < sampleBytes; byte++)
        store<u8>(to + sample * sampleBytes + byte, load<u8>(from + (sampleBytes - 1 - byte) * rowLength + sample));
  }
}

/**
 * Gathers one sample of every pixel in `rows` runs of `count` pixels as float32, `missing` as NaN. Units: bytes for
 * `rowStep`, from a run to the next, and `pixelStep`.
 */
// @ts-ignore
@inline
function gather<T>(from: usize, rowStep: usize, pixelStep: usize, rows: u32, count: u32, to: usize, missing: f32): void {
  const missings = f32x4.splat(missing);
  for (; rows > 0; rows--, from += rowStep) {
    let at = from;
    let left = count;
    for (; left >= 4; left -= 4, at += pixelStep << 2, to += 16) {
      const values = loadFour<T>(at, pixelStep);
      v128.store(to, v128.or(values, f32x4.eq(values, missings)));
    }
    for (; left > 0; left--, at += pixelStep, to += 4) {
      const value = <f32>load<T>(at);
      store<f32>(to, value == missing ? NaN : value);
    }
  }
}

// @ts-ignore
@inline
function loadFour<T>(at: usize, step: usize): v128 {
  let lanes = i32x4.splat(0);
  if (sizeof<T>() == 4) {
    if (step == 4) return v128.load(at);
    lanes = v128.load32_lane(at, lanes, 0);
    lanes = v128.load32_lane(at + step, lanes, 1);
    lanes = v128.load32_lane(at + 2 * step, lanes, 2);
    return v128.load32_lane(at + 3 * step, lanes, 3);
  }
  if (sizeof<T>() == 2) {
    if (step == 2) lanes = v128.load64_zero(at);
    else {
      lanes = v128.load16_lane(at, lanes, 0);
      lanes = v128.load16_lane(at + step, lanes, 1);
      lanes = v128.load16_lane(at + 2 * step, lanes, 2);
      lanes = v128.load16_lane(at + 3 * step, lanes, 3);
    }
  } else {
    if (step == 1) lanes = v128.load32_zero(at);
    else {
      lanes = v128.load8_lane(at, lanes, 0);
      lanes = v128.load8_lane(at + step, lanes, 1);
      lanes = v128.load8_lane(at + 2 * step, lanes, 2);
      lanes = v128.load8_lane(at + 3 * step, lanes, 3);
    }
    lanes = isSigned<T>() ? i16x8.extend_low_i8x16_s(lanes) : i16x8.extend_low_i8x16_u(lanes);
  }
  return f32x4.convert_i32x4_s(isSigned<T>() ? i32x4.extend_low_i16x8_s(lanes) : i32x4.extend_low_i16x8_u(lanes));
}

export function gatherUint8(from: usize, rowStep: usize, pixelStep: usize, rows: u32, count: u32, to: usize, missing: f32): void {
  gather<u8>(from, rowStep, pixelStep, rows, count, to, missing);
}
export function gatherInt8(from: usize, rowStep: usize, pixelStep: usize, rows: u32, count: u32, to: usize, missing: f32): void {
  gather<i8>(from, rowStep, pixelStep, rows, count, to, missing);
}
export function gatherUint16(from: usize, rowStep: usize, pixelStep: usize, rows: u32, count: u32, to: usize, missing: f32): void {
  gather<u16>(from, rowStep, pixelStep, rows, count, to, missing);
}
export function gatherInt16(from: usize, rowStep: usize, pixelStep: usize, rows: u32, count: u32, to: usize, missing: f32): void {
  gather<i16>(from, rowStep, pixelStep, rows, count, to, missing);
}
export function gatherFloat32(from: usize, rowStep: usize, pixelStep: usize, rows: u32, count: u32, to: usize, missing: f32): void {
  gather<f32>(from, rowStep, pixelStep, rows, count, to, missing);
}
