// Huffman tables for fast looking up. Source: ITU-T T.81, annexes C and F.2.2.

/** Bits that one look decides: most codes together with the value that follows them. */
export const LOOK_BITS: u32 = 10;
export const LONGEST_CODE: u32 = 16;
const LIMITS: usize = 4 << LOOK_BITS;
const PLACES: usize = LIMITS + 4 * (LONGEST_CODE + 1);
const SYMBOLS: usize = PLACES + 4 * (LONGEST_CODE + 1);
export const TABLE_BYTES: usize = SYMBOLS + 256;

/** Coefficients that the code for the end of a block steps over: more than a block has. */
const END_OF_BLOCK: u32 = 128;

/**
 * Makes a table from the 16 counts and the symbols of a DHT segment. An entry by the next 10 bits holds how many bits
 * code and value take together (bits 0 to 7), how many coefficients they stand for (8 to 15) and the value (16 to 31);
 * where the value doesn't fit, 0, the symbol and the bits of its code; 0 for a longer code. Gives false if the codes are
 * impossible, or a symbol above `largest`.
 */
export function makeHuffmanTable(table: usize, segment: usize, largest: u32): bool {
  const symbols = segment + 16;
  memory.fill(table, 0, LIMITS);
  let code: u32 = 0;
  let place: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    store<i32>(table + PLACES + (length << 2), place - code);
    for (let left: u32 = load<u8>(segment + length - 1); left > 0; left--, code++, place++) {
      if (place > 255) return false;
      const symbol = load<u8>(symbols + place);
      if (symbol > largest) return false;
      store<u8>(table + SYMBOLS + place, symbol);
      if (length <= LOOK_BITS && code < <u32>1 << length) enter(table, symbol, code, length);
    }
    // No code is all ones.
    if (code >= <u32>1 << length) return false;
    store<u32>(table + LIMITS + (length << 2), code << (LONGEST_CODE - length));
    code <<= 1;
  }
  return true;
}

function enter(table: usize, symbol: u32, code: u32, length: u32): void {
  const size = symbol & 15;
  const run = symbol >> 4;
  const free = LOOK_BITS - length;
  const first = table + (<usize>(code << free) << 2);
  for (let bits: u32 = 0; bits < <u32>1 << free; bits++) {
    let entry: u32;
    if (size == 0) entry = length | ((run == 15 ? 16 : END_OF_BLOCK) << 8);
    else if (size <= free)
      entry = (length + size) | ((run + 1) << 8) | (<u32>signedValue(bits >> (free - size), size) << 16);
    else entry = (symbol << 8) | (length << 16);
    store<u32>(first + (bits << 2), entry);
  }
}

/** The number that `size` bits stand for: those that begin with 0 are negative. */
// @ts-ignore
@inline
export function signedValue(bits: u32, size: u32): i32 {
  return <i32>bits - (bits >> (size - 1) ? 0 : ((1 << size) - 1));
}

/** Symbol (bits 0 to 7) and length (8 and up) of the code at the top of `bits`, by an entry that doesn't decide it; 0 if none. */
export function findCode(table: usize, entry: u32, bits: u64): u32 {
  if (entry != 0) return entry >> 8;
  const top = <u32>(bits >> 48);
  for (let length: u32 = LOOK_BITS + 1; length <= LONGEST_CODE; length++)
    if (top < load<u32>(table + LIMITS + (length << 2))) {
      const place = load<i32>(table + PLACES + (length << 2)) + (top >> (LONGEST_CODE - length));
      return load<u8>(table + SYMBOLS + (place & 255)) | (length << 8);
    }
  return 0;
}
