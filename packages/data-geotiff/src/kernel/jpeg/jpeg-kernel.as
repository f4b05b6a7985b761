// Decodes a JPEG's one scan of Huffman-coded blocks, a row of MCUs at a time. Every place is a byte offset in the module's
// memory; 16 bytes behind the file may be read. What is asked of a frame has been checked by who calls.
// Source: ITU-T T.81.

import { convertRow, interleaveRow } from "./color-row";
import { findCode, LONGEST_CODE, LOOK_BITS, makeHuffmanTable, signedValue, TABLE_BYTES } from "./huffman-table";
import { fillBlock, inverseDct, inverseDctOf4 } from "./inverse-dct";
import { bitCount, bits, bitsLeft, nextSegment, nextWord, openBits, setBits, SLACK_BYTES } from "./scan-bits";
import { blendRows, doubleAcross, doubleBoth, MARGIN, repeatAcross } from "./upsample";

/** What `decodeRows` gives instead of a number of rows. */
const TRUNCATED = -1;
const NO_SUCH_CODE = -2;
const TOO_MANY_COEFFICIENTS = -3;
const NO_RESTART = -4;

const FIRST_RESTART = 0xd0;
const RESTARTS = 8;
const MAX_COMPONENTS = 3;

/** Where the 64 coefficients of the zigzag order lie in a block. */
const ZIGZAG = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55,
  62, 63,
]);
/** The first coefficient that may lie outside the first 4 × 4. */
const BEYOND_4 = 10;

/** Tables for DC, then for AC coefficients, 4 each. */
const HUFFMAN = memory.data(8 * TABLE_BYTES, 16);
/** A step for each coefficient: its factor, and in the upper half its offset in the block. What comes behind the 64 goes nowhere. */
const STEPS: u32 = 192;
const QUANTIZATION = memory.data(3 * STEPS * 4, 16);
const BLOCK = memory.data(144, 16);
const NOWHERE = 128;

/** Of each component: tables of its DC and AC codes, the last DC value, its buffer, its stride. */
const DC_TABLES = memory.data(12);
const AC_TABLES = memory.data(12);
const PREDICTIONS = memory.data(12);
const PLANES = memory.data(12);
const STRIDES = memory.data(12);

let width: i32 = 0;
let height: i32 = 0;
let components: i32 = 0;
/** Luma blocks of an MCU; chroma has one each. */
let across: i32 = 0;
let down: i32 = 0;
let isYcc: bool = false;
let mcusAcross: i32 = 0;
let mcuRow: i32 = 0;
let rowsDone: i32 = 0;
let restartInterval: i32 = 0;
let mcusLeft: i32 = 0;
let nextRestart: i32 = 0;
let segmentEnd: i32 = 0;
/** Room for two rows of chroma of the image's width, and for the pixels. */
let wide: usize = 0;
let pixels: usize = 0;

/** @param segment a DHT segment's 16 counts, and its symbols. @param slot 0 to 3 for DC, 4 to 7 for AC. */
export function setHuffman(slot: usize, segment: usize): bool {
  return makeHuffmanTable(HUFFMAN + slot * TABLE_BYTES, segment, slot < 4 ? 15 : 255);
}

/** @param segment a DQT segment's 64 values, of 1 byte or 2. */
export function setComponent(component: u32, segment: usize, isWide: bool, dcSlot: usize, acSlot: usize): void {
  const steps = QUANTIZATION + component * (STEPS * 4);
  for (let at: u32 = 0; at < STEPS; at++) {
    let step: u32 = NOWHERE << 16;
    if (at < 64) {
      const factor: u32 = isWide ? bswap<u16>(load<u16>(segment + 2 * at)) : load<u8>(segment + at);
      step = factor | (<u32>load<u8>(ZIGZAG + at) << 17);
    }
    store<u32>(steps + (at << 2), step);
  }
  store<usize>(DC_TABLES + (component << 2), HUFFMAN + dcSlot * TABLE_BYTES);
  store<usize>(AC_TABLES + (component << 2), HUFFMAN + acSlot * TABLE_BYTES);
}

/**
 * Begins a scan that lies from `from` to `end`; from `free` on, memory is the kernel's. Gives where `decodeRows` will put
 * pixels, with `components` bytes each.
 */
export function openScan(
  imageWidth: i32, imageHeight: i32, imageComponents: i32, lumaAcross: i32, lumaDown: i32, hasYcc: bool,
  interval: i32, from: usize, end: usize, free: usize,
): usize {
  width = imageWidth;
  height = imageHeight;
  components = imageComponents;
  across = lumaAcross;
  down = lumaDown;
  isYcc = hasYcc;
  restartInterval = interval;
  mcusAcross = (width + 8 * across - 1) / (8 * across);
  mcuRow = rowsDone = 0;
  let place = free;
  for (let component = 0; component < components; component++) {
    const stride = <usize>(mcusAcross * 8 * (component == 0 ? across : 1)) + 2 * MARGIN;
    store<usize>(STRIDES + (component << 2), stride);
    store<usize>(PLANES + (component << 2), place + MARGIN);
    place += stride * <usize>(1 + 8 * (component == 0 ? down : 1)) + MARGIN;
    store<i32>(PREDICTIONS + (component << 2), 0);
  }
  wide = (place + MARGIN + 15) & ~15;
  pixels = wide + 2 * wideBytes();
  const scratch = (pixels + components * width * (8 * down + 1) + 64 + 15) & ~15;
  const room = scratch + (end - from) + SLACK_BYTES;
  const pages = <i32>((room + 65535) >> 16) - memory.size();
  if (pages > 0) memory.grow(pages);
  openBits(from, end, scratch);
  nextRestart = 0;
  mcusLeft = restartInterval;
  segmentEnd = nextSegment();
  return pixels;
}

function wideBytes(): usize {
  return (mcusAcross * 8 * across + 2 * <i32>MARGIN + 15) & ~15;
}

/**
 * Decodes the next row of MCUs. Gives the number of rows of pixels that are complete now, which lie at the place that
 * `openScan` gave; or what is wrong with the scan.
 */
export function decodeRows(): i32 {
  if (segmentEnd < 0) return TRUNCATED;
  for (let mcu = 0; mcu < mcusAcross; mcu++) {
    if (restartInterval != 0) {
      if (mcusLeft == 0) {
        const failure = restart();
        if (failure != 0) return failure;
      }
      mcusLeft--;
    }
    for (let component = 0; component < components; component++) {
      const blocksAcross = component == 0 ? across : 1;
      const blocksDown = component == 0 ? down : 1;
      const stride = load<usize>(STRIDES + (component << 2));
      const corner = load<usize>(PLANES + (component << 2)) + stride + (mcu * blocksAcross << 3);
      for (let row = 0; row < blocksDown; row++)
        for (let column = 0; column < blocksAcross; column++) {
          const last = decodeBlock(component);
          // What follows the end may look like anything.
          if (last < 0) return bitsLeft() < <i32>LONGEST_CODE ? TRUNCATED : last;
          const to = corner + <usize>(row << 3) * stride + (column << 3);
          if (last == 1) fillBlock(load<i16>(BLOCK), to, stride);
          else if (last <= BEYOND_4) inverseDctOf4(BLOCK, to, stride);
          else inverseDct(BLOCK, to, stride);
        }
    }
    if (bitsLeft() < 0) return TRUNCATED;
  }
  return emitRows();
}

function restart(): i32 {
  if (segmentEnd != FIRST_RESTART + nextRestart) return NO_RESTART;
  nextRestart = (nextRestart + 1) % RESTARTS;
  mcusLeft = restartInterval;
  segmentEnd = nextSegment();
  for (let component = 0; component < MAX_COMPONENTS; component++) store<i32>(PREDICTIONS + (component << 2), 0);
  return segmentEnd < 0 ? TRUNCATED : 0;
}

/** Reads one block's coefficients, dequantized. Gives how many there are up to the last that isn't zero, or what is wrong. */
// @ts-ignore
@inline
function decodeBlock(component: u32): i32 {
  const dcTable = load<usize>(DC_TABLES + (component << 2));
  const acTable = load<usize>(AC_TABLES + (component << 2));
  const steps = QUANTIZATION + component * (STEPS * 4);
  const zero = i64x2.splat(0);
  for (let at: usize = 0; at < 128; at += 16) v128.store(BLOCK + at, zero);
  let held = bits;
  let count = bitCount;
  let word = nextWord;

  if (count <= 32) {
    held |= <u64>load<u32>(word) << (32 - count);
    word += 4;
    count += 32;
  }
  let entry = load<u32>(dcTable + (<usize>(held >> (64 - LOOK_BITS)) << 2));
  let difference: i32;
  let length = entry & 255;
  if (length != 0) difference = <i32>entry >> 16;
  else {
    const code = findCode(dcTable, entry, held);
    if (code == 0) {
      setBits(held, count, word);
      return NO_SUCH_CODE;
    }
    const size = code & 15;
    length = code >> 8;
    difference = size == 0 ? 0 : signedValue(<u32>((held << length) >> (64 - size)), size);
    length += size;
  }
  held <<= length;
  count -= length;
  const prediction = load<i32>(PREDICTIONS + (component << 2)) + difference;
  store<i32>(PREDICTIONS + (component << 2), prediction);
  store<i16>(BLOCK, prediction * load<u16>(steps));

  let at: u32 = 1;
  let last: u32 = 1;
  while (at < 64) {
    if (count <= 32) {
      held |= <u64>load<u32>(word) << (32 - count);
      word += 4;
      count += 32;
    }
    last = at;
    entry = load<u32>(acTable + (<usize>(held >> (64 - LOOK_BITS)) << 2));
    length = entry & 255;
    if (length == 0) {
      const code = findCode(acTable, entry, held);
      if (code == 0) {
        setBits(held, count, word);
        return NO_SUCH_CODE;
      }
      const size = code & 15;
      const run = (code >> 4) & 15;
      length = code >> 8;
      if (size == 0) entry = (run == 15 ? 16 : 128) << 8;
      else entry = ((run + 1) << 8) | (<u32>signedValue(<u32>((held << length) >> (64 - size)), size) << 16);
      length += size;
    }
    held <<= length;
    count -= length;
    at += (entry >> 8) & 255;
    const step = load<u32>(steps + ((at - 1) << 2));
    store<i16>(BLOCK + (step >> 16), (<i32>entry >> 16) * (step & 65535));
  }
  setBits(held, count, word);
  if (at == 64) return 64;
  // Beyond the end lies what no coefficient is; the code for the end of a block, and a run of zeros, may step there.
  if (at < 128 && entry >> 16 != 0) return TOO_MANY_COEFFICIENTS;
  return last;
}

/** Makes pixels of the rows that are complete, of which chroma's next row may be a part. */
function emitRows(): i32 {
  mcuRow++;
  const known = mcuRow * 8 * down;
  const to = known >= height ? height : known - (down - 1);
  const count = to - rowsDone;
  const firstRow = known - 8 * down;
  const rowBytes = width * components;
  for (let y = rowsDone, at = pixels; y < to; y++, at += rowBytes) {
    const luma = rowOf(0, y - firstRow);
    if (components == 1) memory.copy(at, luma, width);
    else {
      const second = chromaRow(1, y);
      const third = chromaRow(2, y);
      if (isYcc) convertRow(luma, second, third, at, width);
      else interleaveRow(luma, second, third, at, width);
    }
  }
  if (down == 2)
    for (let component = 0; component < components; component++) {
      const lastRow = component == 0 ? 15 : 7;
      memory.copy(rowOf(component, -1), rowOf(component, lastRow), load<usize>(STRIDES + (component << 2)) - MARGIN);
    }
  rowsDone = to;
  return count;
}

/** A row of a component's buffer, counted from the first of this row of MCUs; −1 is the last of the one before. */
// @ts-ignore
@inline
function rowOf(component: i32, row: i32): usize {
  return load<usize>(PLANES + (component << 2)) + <usize>(row + 1) * load<usize>(STRIDES + (component << 2));
}

/** A chroma component's samples for a row of the image, one for each pixel. */
function chromaRow(component: i32, y: i32): usize {
  const firstRow = (mcuRow - 1) * 8;
  const row = down == 2 ? y >> 1 : y;
  const near = rowOf(component, row - firstRow);
  if (across == 1 && down == 1) return near;
  const samples = across == 2 ? (width + 1) >> 1 : width;
  const to = wide + <usize>(component - 1) * wideBytes();
  // Of rows of one or two samples libjpeg makes the wider one by repeating them.
  if (across == 2 && samples <= 2) {
    repeatAcross(near, to, samples);
    return to;
  }
  if (down == 1) {
    doubleAcross(near, to, samples);
    return to;
  }
  const isLower = y & 1;
  const other = min(max(isLower ? row + 1 : row - 1, 0), ((height + 1) >> 1) - 1);
  const far = rowOf(component, other - firstRow);
  if (across == 2) doubleBoth(near, far, to, samples);
  else blendRows(near, far, to, samples, isLower ? 2 : 1);
  return to;
}

/** Where memory is free. */
export function freeFrom(): usize {
  return (__heap_base + 15) & ~15;
}
