// Decoding tables of deflate's codes, for `inflate-kernel.as`: they hold what a code stands for, with the code after it
// where both fit, as igzip's do.
// Source: RFC 1951, section 3.2.

const LITERAL_BITS: u32 = 12;
const DISTANCE_BITS: u32 = 9;
/** What selects a table's place, in bytes, from a bit buffer whose bits begin at the third. */
export const LITERAL_MASK: usize = ((1 << LITERAL_BITS) - 1) << 2;
export const DISTANCE_MASK: usize = ((1 << DISTANCE_BITS) - 1) << 2;
/** The distances' table lies behind the literals'. */
export const LITERAL_TABLE_BYTES: usize = 4 * (4096 + 288 * 16);
export const TABLES_BYTES: usize = LITERAL_TABLE_BYTES + 4 * (512 + 32 * 64);
const MOST_BITS: u32 = 15;
const FIRST_LENGTH: u32 = 257;
const LEAST_LENGTH: u32 = 3;
/** What an entry brings is copied as so many bytes, whatever it is. */
const MOST_COPIED: u32 = 8;
/** Codes that aren't literals take at most one in so many of all that could be where a block is mostly literals. */
const LITERALS_TO_OTHERS: u32 = 64;

/**
 * Entries of both tables are 32 bits. Bits 0 to 5: bits of the code (of its rest, in a subtable) and its extra bits. 6 to 9:
 * how many bytes the entry brings, 0 if it doesn't say all about them. 10 to 13: bits of the code alone and 2 more. 16 to
 * 31: one or two literals; or what the extra bits are added to, for a length, a distance, or (bit 15) the distance of a
 * match whose length the entry has. Where no bytes are told: bit 14 for a code that is longer than the table, with the
 * bits of its subtable and where that lies in place of the last two; bit 15 where the block ends (1 in 16 to 31), or no
 * code begins so.
 */
export const LITERAL_TABLE = memory.data(3 * TABLES_BYTES, 16);
export const DISTANCE_TABLE = LITERAL_TABLE + LITERAL_TABLE_BYTES;
export const BITS: u32 = 63;
export const BYTES_SHIFT: u32 = 6;
export const BYTES_MASK: u32 = 15 << BYTES_SHIFT;
export const ONE_BYTE: u32 = 1 << BYTES_SHIFT;
export const CODE_SHIFT: u32 = 10;
export const SUBTABLE: u32 = 0x4000;
export const SPECIAL: u32 = 0x8000;
const MATCH: u32 = 0x8000;
const END_OF_BLOCK: u32 = SPECIAL | (1 << 16);

/** What a code of no bits is shifted by: the bit buffer's two. */
const LEAST_SHIFT: u32 = 2 << CODE_SHIFT;
/** A code of one bit, as it is added to a symbol's meaning: in both places where its bits are counted. */
const ONE_BIT: u32 = 1 | (1 << CODE_SHIFT);

export const CODE_LENGTHS = memory.data(320 + 16, 16);
const SORTED = memory.data(2 * 288, 16);
const COUNTS = memory.data(4 * 16, 16);
const STARTS = memory.data(4 * 17, 16);
/** Short codes of literals, and of lengths without extra bits, the shortest first: bits and symbol, then the code. */
const SHORT_LITERALS = memory.data(8 * 257, 16);
const SHORT_LENGTHS = memory.data(8 * 9, 16);
/** Meaning of each symbol, as an entry without its code's bits. */
const LITERAL_MEANING = memory.data(4 * 288, 16);
const DISTANCE_MEANING = memory.data(4 * 32, 16);
export const CODE_MEANING = memory.data(4 * 19, 16);
export const CODE_ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

for (let symbol: u32 = 0; symbol < 256; symbol++)
  store<u32>(LITERAL_MEANING + (symbol << 2), ONE_BYTE | (symbol << 16));
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

/**
 * Makes a table from lengths of codes. False if they name more codes than there are, or too few, other than a single
 * code of one bit or none where `mayBeShort`.
 */
export function makeTable(table: usize, tableBits: u32, symbols: u32, lengths: usize, meaning: usize, mayBeShort: bool): bool {
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

/** Lists what may share an entry with the code after it; a list ends with a code that is too long for that. */
function listShortCodes(): void {
  let literal: usize = SHORT_LITERALS;
  let length: usize = SHORT_LENGTHS;
  let sorted: usize = SORTED;
  let code: u32 = 0;
  for (let bits: u32 = 1; bits < LITERAL_BITS; bits++)
    for (let count = load<u32>(COUNTS + (bits << 2)); count > 0; count--, sorted += 2) {
      const symbol = <u32>load<u16>(sorted);
      if (symbol < 256) {
        store<u32>(literal, bits | (symbol << 16));
        store<u32>(literal, code, 4);
        literal += 8;
      } else if (symbol - FIRST_LENGTH <= MOST_COPIED - LEAST_LENGTH) {
        store<u32>(length, bits | ((symbol - FIRST_LENGTH + LEAST_LENGTH) << BYTES_SHIFT));
        store<u32>(length, code, 4);
        length += 8;
      }
      code = following(code, 1 << bits);
    }
  store<u32>(literal, LITERAL_BITS);
  store<u32>(length, LITERAL_BITS);
}

/** Puts two literals into one entry where their codes fit. */
function pairLiterals(): void {
  for (let first: usize = SHORT_LITERALS; (load<u32>(first) & BITS) < LITERAL_BITS; first += 8) {
    const entry = load<u32>(first);
    const bits = entry & BITS;
    const code = load<u32>(first, 4);
    for (let second: usize = SHORT_LITERALS; ; second += 8) {
      const other = load<u32>(second);
      const both = bits + (other & BITS);
      if (both > LITERAL_BITS) break;
      const pair = both | (2 << BYTES_SHIFT) | (entry & 0xff0000) | ((other & 0xff0000) << 8);
      fillEntries(code | (load<u32>(second, 4) << bits), both, pair);
    }
  }
}

/**
 * Puts a short length and the distance after it into one entry where their codes fit, and where the copy can't reach
 * into itself. The distances were sorted last.
 */
function pairMatches(): void {
  let sorted: usize = SORTED;
  let code: u32 = 0;
  for (let bits: u32 = 1; bits < LITERAL_BITS; bits++)
    for (let count = load<u32>(COUNTS + (bits << 2)); count > 0; count--, sorted += 2) {
      const distance = load<u32>(DISTANCE_MEANING + (<u32>load<u16>(sorted) << 2));
      const isFar = !(distance & SPECIAL) && distance >> 16 >= MOST_COPIED;
      for (let length: usize = SHORT_LENGTHS; isFar; length += 8) {
        const entry = load<u32>(length);
        const both = bits + (entry & BITS);
        if (both > LITERAL_BITS) break;
        const index = load<u32>(length, 4) | (code << (entry & BITS));
        fillEntries(index, both, (entry & BYTES_MASK) + both * ONE_BIT + distance + MATCH);
      }
      code = following(code, 1 << bits);
    }
}

// @ts-ignore
@inline
function fillEntries(code: u32, bits: u32, entry: u32): void {
  for (let index = code; index <= LITERAL_MASK >> 2; index += 1 << bits) store<u32>(LITERAL_TABLE + (index << 2), entry);
}

/** Whether nearly all symbols of a block are literals, by the lengths of its codes at `CODE_LENGTHS`. */
export function areMostlyLiterals(literals: u32): bool {
  let others: u32 = 0;
  for (let symbol: u32 = FIRST_LENGTH - 1; symbol < literals; symbol++) {
    const bits = <u32>load<u8>(CODE_LENGTHS + symbol);
    if (bits > 0) others += <u32>1 << (MOST_BITS - bits);
  }
  return others * LITERALS_TO_OTHERS <= 1 << MOST_BITS;
}

/** Makes both tables at `to`, where each entry holds one code, from the lengths that `makeTables` has. */
export function makePlainTables(to: usize, literals: u32, distances: u32): bool {
  return (
    makeTable(to, LITERAL_BITS, literals, CODE_LENGTHS, LITERAL_MEANING, true) &&
    makeTable(to + LITERAL_TABLE_BYTES, DISTANCE_BITS, distances, CODE_LENGTHS + literals, DISTANCE_MEANING, true)
  );
}

/**
 * Makes both tables from the lengths of the codes of literals and then of distances, at `CODE_LENGTHS`. False if there
 * can't be such codes.
 */
export function makeTables(literals: u32, distances: u32): bool {
  if (!makeTable(LITERAL_TABLE, LITERAL_BITS, literals, CODE_LENGTHS, LITERAL_MEANING, true)) return false;
  listShortCodes();
  pairLiterals();
  if (!makeTable(DISTANCE_TABLE, DISTANCE_BITS, distances, CODE_LENGTHS + literals, DISTANCE_MEANING, true)) return false;
  pairMatches();
  return true;
}

/** Makes the tables of a block that brings none. */
export function makeFixedTables(): void {
  memory.fill(CODE_LENGTHS, 8, 144);
  memory.fill(CODE_LENGTHS + 144, 9, 112);
  memory.fill(CODE_LENGTHS + 256, 7, 24);
  memory.fill(CODE_LENGTHS + 280, 8, 8);
  memory.fill(CODE_LENGTHS + 288, 5, 32);
  makeTables(288, 32);
}
