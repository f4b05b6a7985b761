// Inflates zlib streams. Every place is a byte offset in the module's memory; 512 bytes behind the output and 64 behind
// the input may be overrun.
// Source: RFC 1950 and RFC 1951.

import { inflateBlock } from "./inflate-block";
import { FIRST_TABLES, SECOND_TABLES, copyLiterals, inflateSymbol } from "./inflate-literals";
import { DONE, IN_BLOCK, IN_LITERALS, Stream, readHeader, startStream } from "./inflate-stream";

const FIRST = changetype<Stream>(memory.data(offsetof<Stream>(), 16));
const SECOND = changetype<Stream>(memory.data(offsetof<Stream>(), 16));

/** Where memory is free. */
export function freeFrom(): usize {
  return (__heap_base + 15) & ~15;
}

/** Inflates a stream until it is done, or in a block that is mostly literals, whose tables are at its own place. */
function inflateAlone(stream: Stream): void {
  while (stream.stage <= IN_BLOCK) {
    if (stream.stage == IN_BLOCK) inflateBlock(stream);
    else readHeader(stream);
  }
}

/** Inflates what is left of a stream when there is no other. */
function inflateRest(stream: Stream): void {
  while (stream.stage == IN_LITERALS) inflateSymbol(stream);
  stream.tables = 0;
  inflateAlone(stream);
}

/** Inflates a zlib stream; gives the number of bytes, or why there are none: −1 corrupt, −2 truncated, −3 too long. */
export function inflateZlib(input: usize, inputLength: usize, output: usize, outputLength: usize): i32 {
  startStream(FIRST, 0, input, inputLength, output, outputLength);
  inflateAlone(FIRST);
  return FIRST.result;
}

/**
 * Inflates two zlib streams, in turns where that is faster. Gives for the first what `inflateZlib` does; `secondResult`
 * has that of the other.
 */
export function inflateTwo(
  input: usize,
  inputLength: usize,
  output: usize,
  outputLength: usize,
  secondInput: usize,
  secondInputLength: usize,
  secondOutput: usize,
  secondOutputLength: usize,
): i32 {
  startStream(FIRST, FIRST_TABLES, input, inputLength, output, outputLength);
  startStream(SECOND, SECOND_TABLES, secondInput, secondInputLength, secondOutput, secondOutputLength);
  while (true) {
    inflateAlone(FIRST);
    inflateAlone(SECOND);
    if (FIRST.stage == DONE || SECOND.stage == DONE) break;
    while (FIRST.stage == IN_LITERALS && SECOND.stage == IN_LITERALS) {
      copyLiterals(FIRST, SECOND);
      inflateSymbol(FIRST);
      inflateSymbol(SECOND);
    }
  }
  inflateRest(FIRST);
  inflateRest(SECOND);
  return FIRST.result;
}

export function secondResult(): i32 {
  return SECOND.result;
}
