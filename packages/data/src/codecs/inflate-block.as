// Inflates one block of coded symbols.
// Source: RFC 1951, section 3.2.

import { BEFORE_BLOCK, CORRUPT, Stream, TOO_LONG, TRUNCATED } from "./inflate-stream";
import {
  BYTES_MASK,
  BYTES_SHIFT,
  CODE_SHIFT,
  DISTANCE_MASK,
  DISTANCE_TABLE,
  LITERAL_MASK,
  LITERAL_TABLE,
  SPECIAL,
  SUBTABLE,
} from "./inflate-tables";

/** The farthest that a match reaches back. */
const WINDOW: usize = 32768;

/** An entry's number with its extra bits, which end what the entry takes of the buffer. */
// @ts-ignore
@inline
export function rest(entry: u32, buffer: u64): u32 {
  return (entry >> 16) + ((<u32>buffer & ((4 << entry) - 1)) >> (entry >> CODE_SHIFT));
}

/** Where a code goes on, in bytes; `buffer` is what follows the table's bits. */
// @ts-ignore
@inline
export function inSubtable(entry: u32, buffer: u64): u32 {
  return ((entry >> 16) << 2) + (<u32>buffer & ((4 << ((entry >> CODE_SHIFT) & 15)) - 4));
}

/** Copies what lies `distance` before `to`; a copy may reach into itself. Up to 31 bytes more are written. */
// @ts-ignore
@inline
export function copyBack(to: usize, distance: usize, length: usize): void {
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
 * Inflates a block of coded symbols by the tables at `LITERAL_TABLE`. The bits of its
 * buffer begin at the third, so that they select a place in a table without a shift; `count` counts the two before as
 * well. Shifts take only the lowest bits of an entry or of `count`, so neither is masked.
 */
// @ts-ignore
@inline
function inflateCodes(stream: Stream, isEarly: bool): void {
  const output = stream.output;
  const outputEnd = isEarly ? min(stream.outputEnd, output + WINDOW) : stream.outputEnd;
  let to = stream.to;
  let buffer = stream.bitBuffer << 2;
  let count: u64 = stream.bitCount + 2;
  let from = stream.next;
  if (count > 63) {
    from--;
    count -= 8;
  }
  const lastInput = stream.inputEnd + 16;
  let isBefore: u32 = 0; // highest bit: a match began before the output
  buffer |= load<u64>(from) << count;
  from += <usize>((~count >> 3) & 7);
  count |= 56;
  let place = <usize>buffer & LITERAL_MASK;
  let entry = <u64>load<u32>(place, LITERAL_TABLE);
  while (true) {
    if (from > lastInput) return stream.end(TRUNCATED);
    if (to > outputEnd) {
      if (to > stream.outputEnd) return stream.end(TOO_LONG);
      if (isEarly && <i32>isBefore < 0) return stream.end(CORRUPT);
      break;
    }
    // 54 bits here. An entry takes 25 at most, so that after one there are enough for a lookup.
    if (entry & BYTES_MASK) {
      let shift = entry;
      let distance = rest(<u32>entry, buffer);
      let source = place + LITERAL_TABLE + 2;
      buffer >>= shift;
      count -= shift;
      place = <usize>buffer & LITERAL_MASK;
      entry = <u64>load<u32>(place, LITERAL_TABLE);
      if (isEarly) isBefore |= (to - output - distance) & matchMask(<u32>shift);
      store<u64>(to, load<u64>(select<usize>(to - distance, source, <u32>shift & SPECIAL)));
      to += (<u32>shift >> BYTES_SHIFT) & 15;
      if (entry & BYTES_MASK) {
        shift = entry;
        distance = rest(<u32>entry, buffer);
        source = place + LITERAL_TABLE + 2;
        buffer >>= shift;
        count -= shift;
        buffer |= load<u64>(from) << count;
        from += <usize>((~count >> 3) & 7);
        count |= 56;
        place = <usize>buffer & LITERAL_MASK;
        entry = <u64>load<u32>(place, LITERAL_TABLE);
        if (isEarly) isBefore |= (to - output - distance) & matchMask(<u32>shift);
        store<u64>(to, load<u64>(select<usize>(to - distance, source, <u32>shift & SPECIAL)));
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
      if (entry >> 16 == 0 || (isEarly && <i32>isBefore < 0)) return stream.end(CORRUPT);
      stream.stage = BEFORE_BLOCK;
      break;
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
    if (entry & SPECIAL) return stream.end(CORRUPT);
    const distance = rest(<u32>entry, before);
    buffer |= load<u64>(from) << count;
    from += <usize>((~count >> 3) & 7);
    count |= 56;
    place = <usize>buffer & LITERAL_MASK;
    entry = <u64>load<u32>(place, LITERAL_TABLE);
    if (isEarly && <usize>distance > to - output) return stream.end(CORRUPT);
    copyBack(to, distance, length);
    to += length;
  }
  stream.bitBuffer = buffer >> 2;
  stream.bitCount = (<u32>count & 63) - 2;
  stream.next = from;
  stream.to = to;
}

/** Inflates coded symbols up to the end of their block, or to where no match can begin before the output any more. */
export function inflateBlock(stream: Stream): void {
  if (stream.to - stream.output <= WINDOW) inflateCodes(stream, true);
  else inflateCodes(stream, false);
}

/** All ones for a match with its length. */
// @ts-ignore
@inline
function matchMask(entry: u32): u32 {
  return <u32>(<i32>(entry << 16) >> 31);
}
