// Inflates blocks of two streams in turns, where nearly all of their symbols are literals: a literal waits for the
// one before it, but not for those of another stream.

import { copyBack, inSubtable, rest } from "./inflate-block";
import { BEFORE_BLOCK, CORRUPT, Stream, TOO_LONG, TRUNCATED } from "./inflate-stream";
import {
  BITS,
  BYTES_MASK,
  DISTANCE_MASK,
  LITERAL_MASK,
  LITERAL_TABLE,
  LITERAL_TABLE_BYTES,
  ONE_BYTE,
  SPECIAL,
  SUBTABLE,
  TABLES_BYTES,
} from "./inflate-tables";

export const FIRST_TABLES = LITERAL_TABLE + TABLES_BYTES;
export const SECOND_TABLES = LITERAL_TABLE + 2 * TABLES_BYTES;

/** How many times four literals are within a stream's input, of which they take at most 6 bytes, and its output. */
// @ts-ignore
@inline
function roundsWithin(stream: Stream): i32 {
  return min(<i32>(stream.inputEnd - stream.next), <i32>(stream.outputEnd - stream.to)) >> 3;
}

/**
 * Copies literals of both streams to their outputs, as many of one as of the other, until one has something else or may
 * be near its end. Their bit buffers are as those of `inflateBlock`.
 */
export function copyLiterals(first: Stream, second: Stream): void {
  let firstBuffer = first.bitBuffer << 2;
  let secondBuffer = second.bitBuffer << 2;
  let firstCount: u64 = first.bitCount + 2;
  let secondCount: u64 = second.bitCount + 2;
  let firstFrom = first.next;
  let secondFrom = second.next;
  let firstTo = first.to;
  let secondTo = second.to;
  if (firstCount > 63) {
    firstFrom--;
    firstCount -= 8;
  }
  if (secondCount > 63) {
    secondFrom--;
    secondCount -= 8;
  }
  for (let rounds = min(roundsWithin(first), roundsWithin(second)); rounds > 0; rounds--) {
    firstBuffer |= load<u64>(firstFrom) << firstCount;
    secondBuffer |= load<u64>(secondFrom) << secondCount;
    firstFrom += <usize>((~firstCount >> 3) & 7);
    secondFrom += <usize>((~secondCount >> 3) & 7);
    firstCount |= 56;
    secondCount |= 56;
    let one = <u64>load<u32>(<usize>firstBuffer & LITERAL_MASK, FIRST_TABLES);
    let other = <u64>load<u32>(<usize>secondBuffer & LITERAL_MASK, SECOND_TABLES);
    if (!(<u32>one & <u32>other & ONE_BYTE)) break;
    store<u8>(firstTo, <u32>one >> 16);
    store<u8>(secondTo, <u32>other >> 16);
    firstTo++;
    secondTo++;
    firstBuffer >>= one;
    secondBuffer >>= other;
    firstCount -= one;
    secondCount -= other;
    one = <u64>load<u32>(<usize>firstBuffer & LITERAL_MASK, FIRST_TABLES);
    other = <u64>load<u32>(<usize>secondBuffer & LITERAL_MASK, SECOND_TABLES);
    if (!(<u32>one & <u32>other & ONE_BYTE)) break;
    store<u8>(firstTo, <u32>one >> 16);
    store<u8>(secondTo, <u32>other >> 16);
    firstTo++;
    secondTo++;
    firstBuffer >>= one;
    secondBuffer >>= other;
    firstCount -= one;
    secondCount -= other;
    one = <u64>load<u32>(<usize>firstBuffer & LITERAL_MASK, FIRST_TABLES);
    other = <u64>load<u32>(<usize>secondBuffer & LITERAL_MASK, SECOND_TABLES);
    if (!(<u32>one & <u32>other & ONE_BYTE)) break;
    store<u8>(firstTo, <u32>one >> 16);
    store<u8>(secondTo, <u32>other >> 16);
    firstTo++;
    secondTo++;
    firstBuffer >>= one;
    secondBuffer >>= other;
    firstCount -= one;
    secondCount -= other;
    one = <u64>load<u32>(<usize>firstBuffer & LITERAL_MASK, FIRST_TABLES);
    other = <u64>load<u32>(<usize>secondBuffer & LITERAL_MASK, SECOND_TABLES);
    if (!(<u32>one & <u32>other & ONE_BYTE)) break;
    store<u8>(firstTo, <u32>one >> 16);
    store<u8>(secondTo, <u32>other >> 16);
    firstTo++;
    secondTo++;
    firstBuffer >>= one;
    secondBuffer >>= other;
    firstCount -= one;
    secondCount -= other;
  }
  putBack(first, firstBuffer, firstCount, firstFrom, firstTo);
  putBack(second, secondBuffer, secondCount, secondFrom, secondTo);
}

// @ts-ignore
@inline
function putBack(stream: Stream, buffer: u64, count: u64, from: usize, to: usize): void {
  stream.bitBuffer = buffer >> 2;
  stream.bitCount = (<u32>count & 63) - 2;
  stream.next = from;
  stream.to = to;
}

/** The bits of what `takeCode` took last, or of the part that was in a subtable. */
let codeBuffer: u64 = 0;

/** Takes the next code of a stream by one of its tables, with its extra bits. */
function takeCode(stream: Stream, table: usize, mask: usize): u32 {
  codeBuffer = stream.bitBuffer << 2;
  let entry = load<u32>(table + (<usize>codeBuffer & mask));
  if (!(entry & BYTES_MASK) && entry & SUBTABLE) {
    stream.take(entry & BITS);
    codeBuffer = stream.bitBuffer << 2;
    entry = load<u32>(table + inSubtable(entry, codeBuffer));
  }
  stream.take(entry & BITS);
  return entry;
}

/** Inflates the next symbol of a block that is mostly literals. */
export function inflateSymbol(stream: Stream): void {
  stream.refill();
  if (stream.isBeyondInput()) return stream.end(TRUNCATED);
  if (stream.to > stream.outputEnd) return stream.end(TOO_LONG);
  const entry = takeCode(stream, stream.tables, LITERAL_MASK);
  if (entry & BYTES_MASK) {
    store<u8>(stream.to, entry >> 16);
    stream.to++;
    return;
  }
  if (entry & SPECIAL) {
    if (entry >> 16 == 0) return stream.end(CORRUPT);
    stream.stage = BEFORE_BLOCK;
    return;
  }
  const length = rest(entry, codeBuffer);
  const following = takeCode(stream, stream.tables + LITERAL_TABLE_BYTES, DISTANCE_MASK);
  if (following & SPECIAL) return stream.end(CORRUPT);
  const distance = rest(following, codeBuffer);
  if (<usize>distance > stream.to - stream.output) return stream.end(CORRUPT);
  copyBack(stream.to, distance, length);
  stream.to += length;
}
