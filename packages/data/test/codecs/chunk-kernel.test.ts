import { expect, test } from "vitest";
import { unshuffle } from "../../src/arrays/unshuffle.js";
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
