import { makeRandom, type Random } from "@graticule/core";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../../tooling/test/fuzz-limit.js";
import { unshuffle } from "../../src/arrays/unshuffle.js";
import { KERNEL_ROOM, KERNEL_START, openChunkMemory } from "../../src/codecs/chunk-memory.js";
import { decodeLz4 } from "../../src/codecs/lz4.js";

/** Around the widths of the kernel's steps and strips. */
const COUNTS = [1, 3, 63, 64, 65, 1001, 16383, 16384, 16401];

test.each([2, 4, 8])("elements of %i bytes are joined as one by one, from any place", (itemBytes) => {
  for (const count of COUNTS) {
    const elements = count + 5;
    const shuffled = Uint8Array.from({ length: elements * itemBytes }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
    const joined = new Uint8Array(count * itemBytes);
    unshuffle(shuffled, elements, itemBytes, 3, 3 + count, joined);
    const expected = joined.map((_, at) =>
      Number(shuffled[(at % itemBytes) * elements + 3 + Math.floor(at / itemBytes)]),
    );
    expect(Buffer.compare(joined, expected), `${count}`).toBe(0);
  }
});

test("an LZ4 block repeats from every short distance, and refuses what is broken", () => {
  for (let distance = 1; distance <= 20; distance++) {
    const literals = Array.from({ length: distance }, (_, at) => 65 + at);
    const more = distance >= 15 ? [distance - 15] : [];
    const token = (Math.min(15, distance) << 4) | 15;
    // A match of 19 + 30 bytes, then one literal.
    const block = Uint8Array.from([token, ...more, ...literals, distance, 0, 30, 0x10, 33]);
    const target = new Uint8Array(distance + 49 + 1);
    decodeLz4(block, target);
    expect([...target]).toEqual([...Array.from({ length: distance + 49 }, (_, at) => 65 + (at % distance)), 33]);
    expect(() => decodeLz4(block.subarray(0, -1), target)).toThrow("a broken LZ4 block");
    expect(() => decodeLz4(block, target.subarray(0, -1))).toThrow("a broken LZ4 block");
  }
  const tooFar = Uint8Array.from([0x1f, 65, 2, 0, 30, 0x10, 33]);
  expect(() => decodeLz4(tooFar, new Uint8Array(51))).toThrow("a broken LZ4 block");
});

const limit = fuzzLimit(500);

test(
  "LZ4 blocks decode as byte by byte, or are refused where that fails, whatever the bytes",
  () => {
    const random = makeRandom(1, "lz4");
    const tables = openChunkMemory(KERNEL_START).bytes.slice(0, KERNEL_START);
    for (let round = 0; limit.goesOn(round); round++) {
      const { block, bytes } = makeBlock(random, random.integer(round % 20 === 0 ? 300 : 12));
      for (let damage = 0; damage < 4; damage++) {
        const target = new Uint8Array(Math.max(0, bytes + (damage === 3 ? random.integer(40) - 20 : 0)));
        const expected = decodePlainly(block, target.length);
        if (expected === undefined) expect(() => decodeLz4(block, target)).toThrow("a broken LZ4 block");
        else {
          decodeLz4(block, target);
          expect(Buffer.compare(target, expected)).toBe(0);
        }
        expect(damage > 0 || expected !== undefined).toBe(true);
        // Neither the kernel's tables nor the block, which lies behind the output and its room, were written to.
        const { bytes: memory } = openChunkMemory(0);
        expect(Buffer.compare(memory.subarray(0, KERNEL_START), tables)).toBe(0);
        const place = KERNEL_START + target.length + KERNEL_ROOM;
        expect(Buffer.compare(memory.subarray(place, place + block.length), block)).toBe(0);
        block[random.integer(block.length)] = random.integer(256);
      }
    }
  },
  limit.timeoutMs,
);

/** A sound block of sequences with literals, matches and distances around the kernel's limits, and what it decodes to. */
function makeBlock(random: Random, sequences: number): { block: Uint8Array; bytes: number } {
  const block: number[] = [];
  let bytes = 0;
  const lengthOf = (): number => random.integer([4, 20, 20, 40, 600][random.integer(5)] as number);
  const add = (literals: number, match: number | undefined): void => {
    const more = match === undefined ? 0 : match - 4;
    block.push((Math.min(15, literals) << 4) | Math.min(15, more), ...longer(literals));
    for (let index = 0; index < literals; index++) block.push(random.integer(256));
    bytes += literals;
    if (match === undefined) return;
    const distance = 1 + random.integer(Math.min(bytes, [3, 20, 2 ** 16 - 1][random.integer(3)] as number));
    block.push(distance & 255, distance >> 8, ...longer(more));
    bytes += match;
  };
  for (let sequence = 0; sequence < sequences; sequence++) add(lengthOf() + (bytes === 0 ? 1 : 0), 4 + lengthOf());
  add(5 + lengthOf(), undefined);
  return { block: Uint8Array.from(block), bytes };
}

/** The bytes after a token that carry the rest of a length of 15 or more. */
function longer(length: number): number[] {
  return length < 15 ? [] : [...new Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
}

/** Decodes a block byte by byte; undefined if it is broken or doesn't fill `size` bytes. */
function decodePlainly(block: Uint8Array, size: number): Uint8Array | undefined {
  const output: number[] = [];
  let at = 0;
  const next = (): number => block[at++] ?? Number.NaN;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15)
      for (let more = 255; more === 255; ) {
        more = next();
        length += more;
      }
    return length;
  };
  while (at < block.length) {
    const token = next();
    const literals = lengthFrom(token >> 4);
    if (!(at + literals <= block.length)) return undefined;
    output.push(...block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) break;
    const distance = next() + 256 * next();
    const match = lengthFrom(token & 15) + 4;
    if (!(distance >= 1 && distance <= output.length && output.length + match <= size)) return undefined;
    for (let index = 0; index < match; index++) output.push(output[output.length - distance] as number);
  }
  return output.length === size ? Uint8Array.from(output) : undefined;
}
