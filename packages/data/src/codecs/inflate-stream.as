// A zlib stream that is being inflated, and what isn't compressed of it: its bits, headers, stored blocks.
// Source: RFC 1950 and RFC 1951.

import { adler32 } from "./adler32";
import {
  BITS,
  CODE_LENGTHS,
  CODE_MEANING,
  CODE_ORDER,
  DISTANCE_TABLE,
  areMostlyLiterals,
  makeFixedTables,
  makePlainTables,
  makeTable,
  makeTables,
} from "./inflate-tables";

/** What inflating gives in place of a length. */
export const CORRUPT = -1;
export const TRUNCATED = -2;
export const TOO_LONG = -3;

/** What comes next in a stream: a block's header, symbols of coded blocks (of one that is mostly literals), nothing. */
export const BEFORE_BLOCK: u32 = 0;
export const IN_BLOCK: u32 = 1;
export const IN_LITERALS: u32 = 2;
export const DONE: u32 = 3;

/** A stream and how far it is inflated. Places are byte offsets in memory. */
@unmanaged
export class Stream {
  bitBuffer: u64;
  bitCount: u32;
  /** Behind the input's bytes that the bit buffer has. */
  next: usize;
  inputEnd: usize;
  output: usize;
  to: usize;
  outputEnd: usize;
  stage: u32;
  isLast: bool;
  /** Of a block that is mostly literals. */
  tables: usize;
  /** Once done: the bytes of the output, or why there are none. */
  result: i32;

  /** Ends it, for a reason or with all that there is. */
  end(result: i32): void {
    this.stage = DONE;
    this.result = result;
  }

  /** Fills the bit buffer to 56 bits at least; bits above `bitCount` are already those that follow. */
  // @ts-ignore
  @inline
  refill(): void {
    this.bitBuffer |= load<u64>(this.next) << this.bitCount;
    this.next += (63 - this.bitCount) >> 3;
    this.bitCount |= 56;
  }

  // @ts-ignore
  @inline
  take(count: u32): u32 {
    const value = <u32>this.bitBuffer & ((1 << count) - 1);
    this.bitBuffer >>= count;
    this.bitCount -= count;
    return value;
  }

  // @ts-ignore
  @inline
  isBeyondInput(): bool {
    return this.next > this.inputEnd + 16;
  }
}

/** Reads a stream's header. `tables`: a place for those of blocks that are mostly literals, or 0. */
export function startStream(
  stream: Stream,
  tables: usize,
  input: usize,
  inputLength: usize,
  output: usize,
  outputLength: usize,
): void {
  stream.tables = tables;
  stream.bitBuffer = 0;
  stream.bitCount = 0;
  stream.next = input + 2;
  stream.inputEnd = input + inputLength;
  stream.output = output;
  stream.to = output;
  stream.outputEnd = output + outputLength;
  stream.stage = BEFORE_BLOCK;
  stream.isLast = false;
  if (inputLength < 6) return stream.end(TRUNCATED);
  const header = <u32>bswap<u16>(load<u16>(input));
  // Deflate with a window of at most 32 KiB and no dictionary.
  if ((header >> 8 & 15) != 8 || header >> 12 > 7 || header % 31 != 0 || (header & 32) != 0) stream.end(CORRUPT);
}

/**
 * Reads a block's header, and the block if it is stored, or the checksum behind the last one. Tables of a block that is
 * mostly literals go to the stream's own place if it has one.
 */
export function readHeader(stream: Stream): void {
  if (stream.to > stream.outputEnd) return stream.end(TOO_LONG);
  if (stream.isLast) return endStream(stream);
  stream.refill();
  if (stream.isBeyondInput()) return stream.end(TRUNCATED);
  stream.isLast = stream.take(1) == 1;
  const kind = stream.take(2);
  if (kind == 0) return copyStored(stream);
  if (kind == 3) return stream.end(CORRUPT);
  stream.stage = IN_BLOCK;
  if (kind == 1) makeFixedTables();
  else readTables(stream);
}

function readTables(stream: Stream): void {
  stream.refill();
  const literals = stream.take(5) + 257;
  const distances = stream.take(5) + 1;
  const codes = stream.take(4) + 4;
  if (literals > 286 || distances > 30) return stream.end(CORRUPT);
  memory.fill(CODE_LENGTHS, 0, 19);
  for (let index: u32 = 0; index < codes; index++) {
    stream.refill();
    store<u8>(CODE_LENGTHS + load<u8>(CODE_ORDER + index), stream.take(3));
  }
  // The table of code lengths lies where the distances' will.
  if (!makeTable(DISTANCE_TABLE, 7, 19, CODE_LENGTHS, CODE_MEANING, false)) return stream.end(CORRUPT);
  let at: u32 = 0;
  while (at < literals + distances) {
    stream.refill();
    if (stream.isBeyondInput()) return stream.end(TRUNCATED);
    const entry = load<u32>(DISTANCE_TABLE + ((<u32>stream.bitBuffer & 127) << 2));
    stream.take(entry & BITS);
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(CODE_LENGTHS + at, symbol);
      at++;
      continue;
    }
    let length: u32 = 0;
    let count: u32;
    if (symbol == 16) {
      if (at == 0) return stream.end(CORRUPT);
      length = load<u8>(CODE_LENGTHS + at - 1);
      count = 3 + stream.take(2);
    } else count = symbol == 17 ? 3 + stream.take(3) : 11 + stream.take(7);
    if (at + count > literals + distances) return stream.end(CORRUPT);
    memory.fill(CODE_LENGTHS + at, <u8>length, count);
    at += count;
  }
  if (load<u8>(CODE_LENGTHS + 256) == 0) return stream.end(CORRUPT);
  let areMade = false;
  if (stream.tables != 0 && areMostlyLiterals(literals)) {
    stream.stage = IN_LITERALS;
    areMade = makePlainTables(stream.tables, literals, distances);
  } else areMade = makeTables(literals, distances);
  if (!areMade) stream.end(CORRUPT);
}

function copyStored(stream: Stream): void {
  stream.take(stream.bitCount & 7);
  const at = stream.next - (stream.bitCount >> 3);
  if (at + 4 > stream.inputEnd) return stream.end(TRUNCATED);
  const length = <u32>load<u16>(at);
  if ((length ^ 0xffff) != <u32>load<u16>(at, 2)) return stream.end(CORRUPT);
  if (at + 4 + length > stream.inputEnd) return stream.end(TRUNCATED);
  if (stream.to + length > stream.outputEnd) return stream.end(TOO_LONG);
  memory.copy(stream.to, at + 4, length);
  stream.to += length;
  stream.next = at + 4 + length;
  stream.bitBuffer = 0;
  stream.bitCount = 0;
}

function endStream(stream: Stream): void {
  const end = stream.next - (stream.bitCount >> 3);
  if (end + 4 > stream.inputEnd) return stream.end(TRUNCATED);
  const isWhole = bswap<u32>(load<u32>(end)) == adler32(stream.output, stream.to);
  stream.end(isWhole ? <i32>(stream.to - stream.output) : CORRUPT);
}
