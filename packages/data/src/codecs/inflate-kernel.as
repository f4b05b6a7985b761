// Inflates zlib streams. Every place is a byte offset in the module's memory; 512 bytes behind the output and 64 behind
// the input may be overrun.
// Source: RFC 1950 and RFC 1951. Tables hold what a code stands for, two literals where both fit, as igzip's do.

const LITERAL_BITS: u32 = 12;
const DISTANCE_BITS: u32 = 9;
/** What selects a table's place, in bytes, from a bit buffer whose bits begin at the third. */
const LITERAL_MASK: usize = ((1 << LITERAL_BITS) - 1) << 2;
const DISTANCE_MASK: usize = ((1 << DISTANCE_BITS) - 1) << 2;
const MOST_BITS: u32 = 15;
const LITERALS: u32 = 288;
const DISTANCES: u32 = 32;

/**
 * Entries of both tables are 32 bits. Lowest byte: bits of the code (of its rest, in a subtable) and its extra bits. Of a
 * literal: how many bytes (1 or 2) in bits 8 and 9, and the bytes in 16 to 31. Of a length or distance: bits of the code
 * alone and 2 more in 10 to 13, and what the extra bits are added to in 16 to 31. Of a code that is longer than the table:
 * bit 14, and in the same places the bits of its subtable and where that lies. Bit 15: the block ends (1 in 16 to 31), or
 * no code begins so.
 */
const LITERAL_TABLE = memory.data(4 * (4096 + 288 * 16), 16);
const DISTANCE_TABLE = memory.data(4 * (512 + 32 * 64), 16);
const BYTES_SHIFT: u32 = 8;
const BYTES_MASK: u32 = 0x300;
const CODE_SHIFT: u32 = 10;
const SUBTABLE: u32 = 0x4000;
const SPECIAL: u32 = 0x8000;
const END_OF_BLOCK: u32 = SPECIAL | (1 << 16);

/** What a code of no bits is shifted by: the bit buffer's two. */
const LEAST_SHIFT: u32 = 2 << CODE_SHIFT;
/** A code of one bit, as it is added to a symbol's meaning: in both places where its bits are counted. */
const ONE_BIT: u32 = 1 | (1 << CODE_SHIFT);

const CODE_LENGTHS = memory.data(320 + 16, 16);
const SORTED = memory.data(2 * 288, 16);
const COUNTS = memory.data(4 * 16, 16);
const STARTS = memory.data(4 * 17, 16);
/** Codes of literals that the table holds, the shortest first: entry and code of each. */
const SINGLE_LITERALS = memory.data(8 * 256, 16);
/** Meaning of each symbol, as an entry without its code's bits. */
const LITERAL_MEANING = memory.data(4 * 288, 16);
const DISTANCE_MEANING = memory.data(4 * 32, 16);
const CODE_MEANING = memory.data(4 * 19, 16);
const CODE_ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** What `inflateZlib` gives in place of a length. */
const CORRUPT = -1;
const TRUNCATED = -2;
const TOO_LONG = -3;

for (let symbol: u32 = 0; symbol < 256; symbol++) 
  store<u32>(LITERAL_MEANING + (symbol << 2), (1 << BYTES_SHIFT) | (symbol << 16));
store<u32>(LITERAL_MEANING + (256 << 2), END_OF_BLOCK);
for (let symbol: u32 = 257, base: u32 = 3; symbol < 285; symbol++) {
  const extra = symbol < 265 ? 0 : (symbol - 261) >> 2;
  store<u32>(LITERAL_MEANING + (symbol << 2), extra | LEAST_SHIFT | (base << 16));
  base += 1 << extra;
}
store<u32>(LITERAL_MEANING + (285 << 2), LEAST_SHIFT | (258 << 16));
store<u32>(LITERAL_MEANING + (286 << 2), SPECIAL);
store<u32>(LITERAL_MEANING + (287 << 2), SPECIAL);
for (let symbol: u32 = 0, base: u32 = 1; symbol < 30; symbol++) {
  const extra = symbol < 4 ? 0 : (symbol - 2) >> 1;
  store<u32>(DISTANCE_MEANING + (symbol << 2), extra | LEAST_SHIFT | (base << 16));
  base += 1 << extra;
}
store<u32>(DISTANCE_MEANING + (30 << 2), SPECIAL);
store<u32>(DISTANCE_MEANING + (31 << 2), SPECIAL);
for (let symbol: u32 = 0; symbol < 19; symbol++) store<u32>(CODE_MEANING + (symbol << 2), symbol << 16);

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

/**
 * Makes a table from lengths of codes. False if they name more codes than there are, or too few, other than a single
 * code of one bit or none where `mayBeShort`.
 */
function makeTable(table: usize, tableBits: u32, symbols: u32, lengths: usize, meaning: usize, mayBeShort: bool): bool {
  memory.fill(COUNTS, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const place = COUNTS + (<u32>load<u8>(lengths + symbol) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  let left: i32 = 1;
  let start: u32 = 0;
  let longest: u32 = 0;
  for (let bits: u32 = 1; bits <= MOST_BITS; bits++) {
    const count = load<u32>(COUNTS + (bits << 2));
    left = (left << 1) - <i32>count;
    if (left < 0) return false;
    if (count > 0) longest = bits;
    store<u32>(STARTS + (bits << 2), start);
    start += count;
  }
  if (left > 0 && !(mayBeShort && longest <= 1)) return false;
  store<u32>(STARTS, start); // Symbols without a code go behind the others.
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const place = STARTS + (<u32>load<u8>(lengths + symbol) << 2);
    const position = load<u32>(place);
    store<u16>(SORTED + (position << 1), symbol);
    store<u32>(place, position + 1);
  }
  const size: u32 = 1 << tableBits;
  if (left > 0) {
    const only = start == 0 ? SPECIAL : load<u32>(meaning + (<u32>load<u16>(SORTED) << 2)) + ONE_BIT;
    for (let index: u32 = 0; index < size; index += 2) {
      store<u32>(table + (index << 2), only);
      store<u32>(table + (index << 2), SPECIAL, 4);
    }
    return true;
  }
  const code = fillTable(table, tableBits, meaning);
  if (longest > tableBits) fillSubtables(table, tableBits, meaning, longest - tableBits, code);
  return true;
}

/**
 * Writes what the codes of at most `tableBits` stand for: those of a length into a table of that many bits, which is then
 * doubled. Gives the first code that is longer, its bits in the order of the stream.
 */
function fillTable(table: usize, tableBits: u32, meaning: usize): u32 {
  let code: u32 = 0;
  let size: u32 = 1;
  let sorted: usize = SORTED;
  for (let bits: u32 = 1; bits <= tableBits; bits++) {
    memory.copy(table + (size << 2), table, size << 2);
    size <<= 1;
    for (let count = load<u32>(COUNTS + (bits << 2)); count > 0; count--, sorted += 2) {
      const entry = load<u32>(meaning + (<u32>load<u16>(sorted) << 2)) + bits * ONE_BIT;
      store<u32>(table + (code << 2), entry);
      code = following(code, size);
    }
  }
  return code;
}

function fillSubtables(table: usize, tableBits: u32, meaning: usize, subtableBits: u32, code: u32): void {
  const size: u32 = 1 << tableBits;
  let prefix: u32 = 0xffffffff;
  let subtable = size;
  let sorted: usize = SORTED;
  for (let bits: u32 = 1; bits <= tableBits; bits++) sorted += load<u32>(COUNTS + (bits << 2)) << 1;
  for (let tail: u32 = 1; tail <= subtableBits; tail++) {
    const bits = tableBits + tail;
    for (let count = load<u32>(COUNTS + (bits << 2)); count > 0; count--, sorted += 2) {
      if ((code & (size - 1)) != prefix) {
        if (prefix != 0xffffffff) subtable += 1 << subtableBits;
        prefix = code & (size - 1);
        store<u32>(table + (prefix << 2), SUBTABLE | tableBits | (subtableBits << CODE_SHIFT) | (subtable << 16));
      }
      const entry = load<u32>(meaning + (<u32>load<u16>(sorted) << 2)) + tail * ONE_BIT;
      for (let index = code >> tableBits; index < <u32>1 << subtableBits; index += 1 << tail)
        store<u32>(table + ((subtable + index) << 2), entry);
      code = following(code, 1 << bits);
    }
  }
}

/** The code after one of the same length, which has `size` codes; 0 after the last. Both in the order of the stream. */
// @ts-ignore
@inline
function following(code: u32, size: u32): u32 {
  const zeros = code ^ (size - 1);
  if (zeros == 0) return 0;
  const bit = <u32>1 << (31 - clz(zeros));
  return (code & (bit - 1)) | bit;
}

/** Puts two literals into one entry where their codes fit. */
function pairLiterals(): void {
  const end = listLiterals();
  for (let first: usize = SINGLE_LITERALS; first < end; first += 8) {
    const entry = load<u32>(first);
    const bits = entry & 0xff;
    const code = load<u32>(first, 4);
    for (let second: usize = SINGLE_LITERALS; second < end; second += 8) {
      const other = load<u32>(second);
      const both = bits + (other & 0xff);
      if (both > LITERAL_BITS) break;
      const pair = both | (2 << BYTES_SHIFT) | (entry & 0xff0000) | ((other & 0xff0000) << 8);
      for (let index = code | (load<u32>(second, 4) << bits); index <= LITERAL_MASK >> 2; index += 1 << both)
        store<u32>(LITERAL_TABLE + (index << 2), pair);
    }
  }
}

/** Lists the literals whose codes are short enough to pair; gives where the list ends. */
function listLiterals(): usize {
  let to: usize = SINGLE_LITERALS;
  let sorted: usize = SORTED;
  let code: u32 = 0;
  for (let bits: u32 = 1; bits < LITERAL_BITS; bits++)
    for (let count = load<u32>(COUNTS + (bits << 2)); count > 0; count--, sorted += 2) {
      const symbol = <u32>load<u16>(sorted);
      if (symbol < 256) {
        store<u32>(to, bits | (symbol << 16));
        store<u32>(to, code, 4);
        to += 8;
      }
      code = following(code, 1 << bits);
    }
  return to;
}

function makeFixedTables(): void {
  memory.fill(CODE_LENGTHS, 8, 144);
  memory.fill(CODE_LENGTHS + 144, 9, 112);
  memory.fill(CODE_LENGTHS + 256, 7, 24);
  memory.fill(CODE_LENGTHS + 280, 8, 8);
  makeTable(LITERAL_TABLE, LITERAL_BITS, LITERALS, CODE_LENGTHS, LITERAL_MEANING, false);
  pairLiterals();
  memory.fill(CODE_LENGTHS, 5, DISTANCES);
  makeTable(DISTANCE_TABLE, DISTANCE_BITS, DISTANCES, CODE_LENGTHS, DISTANCE_MEANING, false);
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
    take(entry & 0xff);
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
  if (!makeTable(LITERAL_TABLE, LITERAL_BITS, literals, CODE_LENGTHS, LITERAL_MEANING, true)) return CORRUPT;
  pairLiterals();
  if (!makeTable(DISTANCE_TABLE, DISTANCE_BITS, distances, CODE_LENGTHS + literals, DISTANCE_MEANING, true)) return CORRUPT;
  return 0;
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
  buffer |= load<u64>(from) << count;
  let entry = literalOf(buffer);
  while (true) {
    if (from > lastInput) return TRUNCATED;
    if (to > outputEnd) return TOO_LONG;
    buffer |= load<u64>(from) << count;
    from += <usize>((~count >> 3) & 7);
    count |= 56;
    // After three lookups 18 bits are left for the next, or for a length, which takes 17 at most without a subtable.
    if (entry & BYTES_MASK) {
      buffer >>= entry;
      count -= entry;
      const second = literalOf(buffer);
      store<u16>(to, <u32>entry >> 16);
      to += (<u32>entry >> BYTES_SHIFT) & 3;
      entry = second;
      if (entry & BYTES_MASK) {
        buffer >>= entry;
        count -= entry;
        const third = literalOf(buffer);
        store<u16>(to, <u32>entry >> 16);
        to += (<u32>entry >> BYTES_SHIFT) & 3;
        entry = third;
        if (entry & BYTES_MASK) {
          buffer >>= entry;
          count -= entry;
          const fourth = literalOf(buffer);
          store<u16>(to, <u32>entry >> 16);
          to += (<u32>entry >> BYTES_SHIFT) & 3;
          entry = fourth;
          continue;
        }
      }
    }
    let before = buffer;
    buffer >>= entry;
    count -= entry;
    if (entry & SUBTABLE) {
      buffer |= load<u64>(from) << count;
      from += <usize>((~count >> 3) & 7);
      count |= 56;
      entry = <u64>load<u32>(LITERAL_TABLE + inSubtable(<u32>entry, buffer));
      before = buffer;
      buffer >>= entry;
      count -= entry;
      if (entry & BYTES_MASK) {
        store<u8>(to, <u32>entry >> 16);
        to++;
        entry = literalOf(buffer);
        continue;
      }
    }
    if (entry & SPECIAL) {
      if (entry >> 16 == 0) return CORRUPT;
      bitBuffer = buffer >> 2;
      bitCount = (<u32>count & 63) - 2;
      next = from;
      return <i32>to;
    }
    const length = rest(<u32>entry, before);
    buffer |= load<u64>(from) << count;
    from += <usize>((~count >> 3) & 7);
    count |= 56;
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
    entry = literalOf(buffer);
    if (<usize>distance > to - output) return CORRUPT;
    copyBack(to, distance, length);
    to += length;
  }
}

// @ts-ignore
@inline
function literalOf(buffer: u64): u64 {
  return <u64>load<u32>(<usize>buffer & LITERAL_MASK, LITERAL_TABLE);
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
