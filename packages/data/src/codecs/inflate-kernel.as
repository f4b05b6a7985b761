// Inflates zlib streams. Every place is a byte offset in the module's memory; 512 bytes behind the output and 64 behind
// the input may be overrun.
// Source: RFC 1950 and RFC 1951.

import {
  BITS,
  BYTES_MASK,
  BYTES_SHIFT,
  CODE_LENGTHS,
  CODE_MEANING,
  CODE_ORDER,
  CODE_SHIFT,
  DISTANCE_MASK,
  DISTANCE_TABLE,
  LITERAL_MASK,
  LITERAL_TABLE,
  SPECIAL,
  SUBTABLE,
  makeFixedTables,
  makeTable,
  makeTables,
} from "./inflate-tables";

/** What `inflateZlib` gives in place of a length. */
const CORRUPT = -1;
const TRUNCATED = -2;
const TOO_LONG = -3;

/** Where memory is free. */
export function freeFrom(): usize {
  return (__heap_base + 15) & ~15;
}

let bitBuffer: u64 = 0;
let bitCount: u32 = 0;
let next: usize = 0;

/** Fills the bit buffer to 56 bits at least; bits above `bitCount` are already those that follow. */
// @ts-ignore
@inline
function refill(): void {
  bitBuffer |= load<u64>(next) << bitCount;
  next += (63 - bitCount) >> 3;
  bitCount |= 56;
}

// @ts-ignore
@inline
function take(count: u32): u32 {
  const value = <u32>bitBuffer & ((1 << count) - 1);
  bitBuffer >>= count;
  bitCount -= count;
  return value;
}

function readTables(inputEnd: usize): i32 {
  refill();
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const codes = take(4) + 4;
  if (literals > 286 || distances > 30) return CORRUPT;
  memory.fill(CODE_LENGTHS, 0, 19);
  for (let index: u32 = 0; index < codes; index++) {
    refill();
    store<u8>(CODE_LENGTHS + load<u8>(CODE_ORDER + index), take(3));
  }
  // The table of code lengths lies where the distances' will.
  if (!makeTable(DISTANCE_TABLE, 7, 19, CODE_LENGTHS, CODE_MEANING, false)) return CORRUPT;
  let at: u32 = 0;
  while (at < literals + distances) {
    refill();
    if (next > inputEnd + 16) return TRUNCATED;
    const entry = load<u32>(DISTANCE_TABLE + ((<u32>bitBuffer & 127) << 2));
    take(entry & BITS);
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(CODE_LENGTHS + at, symbol);
      at++;
      continue;
    }
    let length: u32 = 0;
    let count: u32;
    if (symbol == 16) {
      if (at == 0) return CORRUPT;
      length = load<u8>(CODE_LENGTHS + at - 1);
      count = 3 + take(2);
    } else count = symbol == 17 ? 3 + take(3) : 11 + take(7);
    if (at + count > literals + distances) return CORRUPT;
    memory.fill(CODE_LENGTHS + at, <u8>length, count);
    at += count;
  }
  if (load<u8>(CODE_LENGTHS + 256) == 0) return CORRUPT;
  return makeTables(literals, distances) ? 0 : CORRUPT;
}

/** An entry's number with its extra bits, which end what the entry takes of the buffer. */
// @ts-ignore
@inline
function rest(entry: u32, buffer: u64): u32 {
  return (entry >> 16) + ((<u32>buffer & ((4 << entry) - 1)) >> (entry >> CODE_SHIFT));
}

/** Where a code goes on, in bytes; `buffer` is what follows the table's bits. */
// @ts-ignore
@inline
function inSubtable(entry: u32, buffer: u64): u32 {
  return ((entry >> 16) << 2) + (<u32>buffer & ((4 << ((entry >> CODE_SHIFT) & 15)) - 4));
}

/** Copies what lies `distance` before `to`; a copy may reach into itself. Up to 31 bytes more are written. */
// @ts-ignore
@inline
function copyBack(to: usize, distance: usize, length: usize): void {
  let from = to - distance;
  const end = to + length;
  if (distance >= 16) {
    v128.store(to, v128.load(from));
    if (length <= 16) return;
    do {
      from += 16;
      to += 16;
      v128.store(to, v128.load(from));
    } while (to + 16 < end);
  } else if (distance == 1) {
    const byte = v128.load8_splat(from);
    do {
      v128.store(to, byte);
      to += 16;
    } while (to < end);
  } else if (distance >= 8) {
    do {
      store<u64>(to, load<u64>(from));
      from += 8;
      to += 8;
    } while (to < end);
  } else
    do {
      store<u8>(to, load<u8>(from));
      from++;
      to++;
    } while (to < end);
}

/**
 * Inflates one block of coded symbols at `to`; gives where it ends in the output, or a negative reason. The bits of its
 * buffer begin at the third, so that they select a place in a table without a shift; `count` counts the two before as
 * well. Shifts take only the lowest bits of an entry or of `count`, so neither is masked.
 */
function inflateBlock(output: usize, to: usize, outputEnd: usize, inputEnd: usize): i32 {
  let buffer = bitBuffer << 2;
  let count: u64 = bitCount + 2;
  let from = next;
  if (count > 63) {
    from--;
    count -= 8;
  }
  const lastInput = inputEnd + 16;
  let isBefore: u32 = 0; // highest bit: a match began before the output
  buffer |= load<u64>(from) << count;
  from += <usize>((~count >> 3) & 7);
  count |= 56;
  let place = <usize>buffer & LITERAL_MASK;
  let entry = <u64>load<u32>(place, LITERAL_TABLE);
  while (true) {
    if (from > lastInput) return TRUNCATED;
    if (to > outputEnd) return TOO_LONG;
    // 54 bits here. An entry takes 25 at most, so that after one there are enough for a lookup.
    if (entry & BYTES_MASK) {
      let shift = entry;
      let distance = rest(<u32>entry, buffer);
      let mask = matchMask(<u32>entry);
      let source = place + LITERAL_TABLE + 2;
      buffer >>= shift;
      count -= shift;
      place = <usize>buffer & LITERAL_MASK;
      entry = <u64>load<u32>(place, LITERAL_TABLE);
      isBefore |= (to - output - distance) & mask;
      store<u64>(to, load<u64>(source + ((to - distance - source) & mask)));
      to += (<u32>shift >> BYTES_SHIFT) & 15;
      if (entry & BYTES_MASK) {
        shift = entry;
        distance = rest(<u32>entry, buffer);
        mask = matchMask(<u32>entry);
        source = place + LITERAL_TABLE + 2;
        buffer >>= shift;
        count -= shift;
        buffer |= load<u64>(from) << count;
        from += <usize>((~count >> 3) & 7);
        count |= 56;
        place = <usize>buffer & LITERAL_MASK;
        entry = <u64>load<u32>(place, LITERAL_TABLE);
        isBefore |= (to - output - distance) & mask;
        store<u64>(to, load<u64>(source + ((to - distance - source) & mask)));
        to += (<u32>shift >> BYTES_SHIFT) & 15;
        continue;
      }
    }
    // Enough for any match: 20 bits at most for its length and 28 for its distance.
    buffer |= load<u64>(from) << count;
    from += <usize>((~count >> 3) & 7);
    count |= 56;
    let before = buffer;
    buffer >>= entry;
    count -= entry;
    if (entry & SUBTABLE) {
      entry = <u64>load<u32>(LITERAL_TABLE + inSubtable(<u32>entry, buffer));
      before = buffer;
      buffer >>= entry;
      count -= entry;
      if (entry & BYTES_MASK) {
        store<u8>(to, <u32>entry >> 16);
        to++;
        buffer |= load<u64>(from) << count;
        from += <usize>((~count >> 3) & 7);
        count |= 56;
        place = <usize>buffer & LITERAL_MASK;
        entry = <u64>load<u32>(place, LITERAL_TABLE);
        continue;
      }
    }
    if (entry & SPECIAL) {
      if (entry >> 16 == 0 || <i32>isBefore < 0) return CORRUPT;
      bitBuffer = buffer >> 2;
      bitCount = (<u32>count & 63) - 2;
      next = from;
      return <i32>to;
    }
    const length = rest(<u32>entry, before);
    entry = <u64>load<u32>(<usize>buffer & DISTANCE_MASK, DISTANCE_TABLE);
    before = buffer;
    buffer >>= entry;
    count -= entry;
    if (entry & SUBTABLE) {
      entry = <u64>load<u32>(DISTANCE_TABLE + inSubtable(<u32>entry, buffer));
      before = buffer;
      buffer >>= entry;
      count -= entry;
    }
    if (entry & SPECIAL) return CORRUPT;
    const distance = rest(<u32>entry, before);
    buffer |= load<u64>(from) << count;
    from += <usize>((~count >> 3) & 7);
    count |= 56;
    place = <usize>buffer & LITERAL_MASK;
    entry = <u64>load<u32>(place, LITERAL_TABLE);
    if (<usize>distance > to - output) return CORRUPT;
    copyBack(to, distance, length);
    to += length;
  }
}

/** All ones for a match with its length. */
// @ts-ignore
@inline
function matchMask(entry: u32): u32 {
  return <u32>(<i32>(entry << 16) >> 31);
}

/** Copies a block that isn't compressed; gives where it ends in the output, or a negative reason. */
function copyStored(to: usize, outputEnd: usize, inputEnd: usize): i32 {
  take(bitCount & 7);
  const at = next - (bitCount >> 3);
  if (at + 4 > inputEnd) return TRUNCATED;
  const length = <u32>load<u16>(at);
  if ((length ^ 0xffff) != <u32>load<u16>(at, 2)) return CORRUPT;
  if (at + 4 + length > inputEnd) return TRUNCATED;
  if (to + length > outputEnd) return TOO_LONG;
  memory.copy(to, at + 4, length);
  next = at + 4 + length;
  bitBuffer = 0;
  bitCount = 0;
  return <i32>(to + length);
}

/** Sums of bytes modulo 65,521, as zlib's checksum has them. Source: RFC 1950, section 8.2. */
function adler32(from: usize, end: usize): u32 {
  let low: u32 = 1;
  let high: u32 = 0;
  const weightsLow = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const weightsHigh = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (from < end) {
    const part = min<usize>(end - from, 5552); // after which sums of 32 bits could overflow
    const stop = from + part;
    const vectors = part >> 4;
    let before = i32x4.splat(0); // sums of `low` at the start of each vector, without its start
    let bytes = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    for (let index: usize = 0; index < vectors; index++, from += 16) {
      const values = v128.load(from);
      before = i32x4.add(before, bytes);
      bytes = i32x4.add(bytes, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(values)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(values), weightsLow));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(values), weightsHigh));
    }
    high += low * <u32>(vectors << 4) + (sumOf(before) << 4) + sumOf(weighted);
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

/** Inflates a zlib stream; gives the number of bytes, or why there are none: −1 corrupt, −2 truncated, −3 too long. */
export function inflateZlib(input: usize, inputLength: usize, output: usize, outputLength: usize): i32 {
  const inputEnd = input + inputLength;
  const outputEnd = output + outputLength;
  if (inputLength < 6) return TRUNCATED;
  const header = <u32>bswap<u16>(load<u16>(input));
  // Deflate with a window of at most 32 KiB and no dictionary.
  if ((header >> 8 & 15) != 8 || header >> 12 > 7 || header % 31 != 0 || (header & 32) != 0) return CORRUPT;
  bitBuffer = 0;
  bitCount = 0;
  next = input + 2;
  let to = <i32>output;
  let last: u32 = 0;
  while (last == 0) {
    refill();
    if (next > inputEnd + 16) return TRUNCATED;
    last = take(1);
    const kind = take(2);
    if (kind == 0) to = copyStored(to, outputEnd, inputEnd);
    else {
      if (kind == 3) return CORRUPT;
      if (kind == 1) makeFixedTables();
      else {
        const problem = readTables(inputEnd);
        if (problem < 0) return problem;
      }
      to = inflateBlock(output, to, outputEnd, inputEnd);
    }
    if (to < 0) return to;
    if (<usize>to > outputEnd) return TOO_LONG;
  }
  const end = next - (bitCount >> 3);
  if (end + 4 > inputEnd) return TRUNCATED;
  if (bswap<u32>(load<u32>(end)) != adler32(output, to)) return CORRUPT;
  return to - <i32>output;
}
