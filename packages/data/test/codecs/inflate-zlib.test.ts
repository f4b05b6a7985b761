import { constants, deflateSync } from "node:zlib";
import { makeRandom } from "@graticule/core";
import { describe, expect, it } from "vitest";
import { inflateZlib } from "../../src/codecs/inflate-zlib.js";

const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = constants;

/** Bytes of several kinds: noise, few values, runs, and repeats near and far. */
function bytesOf(kind: number, length: number): Uint8Array {
  const random = makeRandom(7, "inflate", kind, length);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++)
    bytes[at] = [
      () => random.integer(256),
      () => random.integer(3),
      () => at >> 6,
      () => (at > 40_000 ? (bytes[at - 1 - random.integer(40_000)] as number) : random.integer(256)),
      () => (at % 7 === 0 ? random.integer(256) : (bytes[at - 7] ?? 0)),
      () => random.integer(16) * random.integer(16),
    ][kind]?.() as number;
  return bytes;
}

const KINDS = [0, 1, 2, 3, 4, 5];

describe("inflateZlib", () => {
  it.each(KINDS)("gives back what zlib deflated, at every level and by every strategy: kind %i", (kind) => {
    for (const length of [0, 1, 300, 70_000]) {
      const bytes = bytesOf(kind, length);
      for (const level of [0, 1, 6, 9])
        for (const strategy of [Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED])
          expect(Buffer.compare(inflateZlib(deflateSync(bytes, { level, strategy }), length), bytes)).toBe(0);
    }
  });

  it("refuses more than was asked for, and any early end", () => {
    const bytes = bytesOf(5, 2000);
    const deflated = deflateSync(bytes);
    expect(() => inflateZlib(deflated, 1999)).toThrow("longer than expected");
    for (let length = 0; length < deflated.length; length++)
      expect(() => inflateZlib(deflated.subarray(0, length), 2000)).toThrow();
  });

  it("throws or gives no more than was asked for, whatever the bytes", () => {
    const random = makeRandom(1, "damage");
    const started = performance.now();
    const seconds = Number(process.env.GRATICULE_FUZZ_SECONDS ?? 1);
    for (let count = 0; count < 300 || performance.now() - started < seconds * 1000; count++) {
      const deflated = deflateSync(bytesOf(random.integer(6), 500 + random.integer(500)), {
        level: random.integer(10),
      });
      for (let damage = 0; damage <= random.integer(8); damage++)
        deflated[random.integer(deflated.length)] = random.integer(256);
      try {
        expect(inflateZlib(deflated, 1000).length).toBeLessThanOrEqual(1000);
      } catch (error) {
        expect((error as Error).message).toMatch(/deflate stream|longer than/);
      }
    }
  });
});
