import { constants, deflateRawSync, deflateSync, inflateSync } from "node:zlib";
import { makeRandom } from "@graticule/core";
import { describe, expect, it } from "vitest";
import { fuzzLimit } from "../../../../tooling/test/fuzz-limit.js";
import { inflateStreams, inflateZlib } from "../../src/codecs/inflate-zlib.js";

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

/** Whether two streams inflate at once to what is expected; `undefined` stands for an error. */
function areInflated(
  streams: readonly Uint8Array[],
  maxBytes: number,
  expected: readonly (Uint8Array | undefined)[],
): boolean {
  const results = inflateStreams(streams.map((bytes) => ({ bytes, maxBytes, room: undefined })));
  return results.every((result, place) => {
    const bytes = expected[place];
    return bytes === undefined || result instanceof Error
      ? bytes === undefined && result instanceof Error
      : Buffer.compare(result, bytes) === 0;
  });
}

/** As zlib inflates it; `undefined` if it can't be. */
function expectedOf(deflated: Uint8Array, maxOutputLength: number): Uint8Array | undefined {
  try {
    return new Uint8Array(inflateSync(deflated, { maxOutputLength }));
  } catch {
    return undefined;
  }
}

/** Bytes that deflate to blocks which are mostly literals, with some repeats. */
function mostlyLiterals(length: number, seed: number): Uint8Array {
  const random = makeRandom(seed, "literals");
  const bytes = Uint8Array.from({ length }, () => random.integer(16) * random.integer(16));
  for (let at = 5000; at + 300 < length; at += 2000) bytes.copyWithin(at, at - 5000, at - 5000 + random.integer(300));
  return bytes;
}

const KINDS = [0, 1, 2, 3, 4, 5];
const limit = fuzzLimit(300);

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

  it.each([3, 8, 9, 200])("refuses a match of %i bytes that begins before the output", (length) => {
    const dictionary = bytesOf(0, 20_000);
    const bytes = Uint8Array.from([
      ...bytesOf(0, 500),
      ...dictionary.subarray(7000, 7000 + length),
      ...bytesOf(1, 500),
    ]);
    const sum = new Uint8Array(deflateSync(bytes)).slice(-4);
    const deflated = Buffer.concat([Uint8Array.of(0x78, 0x9c), deflateRawSync(bytes, { dictionary }), sum]);
    expect(() => inflateZlib(deflated, bytes.length)).toThrow("corrupt deflate stream");
  });

  it("inflates two streams at once, whatever the one or the other is", () => {
    const cases = [
      ...KINDS.map((kind) => bytesOf(kind, 50_000)),
      ...[0, 1, 2, 3].map((seed) => mostlyLiterals(30_000 + 20_000 * seed, seed)),
      bytesOf(0, 0),
      bytesOf(0, 9),
    ].map((bytes) => ({ bytes, deflated: deflateSync(bytes, { level: 4 }) }));
    for (const first of cases)
      for (const second of cases)
        expect(areInflated([first.deflated, second.deflated], 2 ** 17, [first.bytes, second.bytes])).toBe(true);
  });

  it(
    "gives of two streams what zlib gives, or neither does, whatever the bytes",
    () => {
      const random = makeRandom(2, "damage");
      for (let round = 0; limit.goesOn(round); round++) {
        const most = 20_000 + random.integer(40_000);
        const streams = [0, 1].map((place) => {
          const deflated = deflateSync(mostlyLiterals(most - random.integer(2) * random.integer(most), round + place), {
            level: random.integer(10),
            strategy: random.integer(3),
          });
          for (let damage = random.integer(4); damage > 0; damage--)
            deflated[random.integer(deflated.length)] = random.integer(256);
          return deflated.subarray(0, deflated.length - random.integer(2) * random.integer(200));
        });
        const expected = streams.map((deflated) => expectedOf(deflated, most));
        expect(areInflated(streams, most, expected)).toBe(true);
      }
    },
    limit.timeoutMs,
  );

  it(
    "gives what zlib gives, or throws where zlib does, whatever the bytes",
    () => {
      const random = makeRandom(1, "damage");
      for (let round = 0; limit.goesOn(round); round++) {
        const length = 500 + random.integer(round % 50 === 0 ? 70_000 : 500);
        const bytes = bytesOf(random.integer(6), length);
        const deflated = deflateSync(bytes, { level: random.integer(10), strategy: random.integer(5) });
        expect(Buffer.compare(inflateZlib(deflated, length), bytes)).toBe(0);
        for (let damage = 0; damage <= random.integer(8); damage++)
          deflated[random.integer(deflated.length)] = random.integer(256);
        let expected: Buffer | undefined;
        try {
          expected = inflateSync(deflated, { maxOutputLength: length });
        } catch {
          expect(() => inflateZlib(deflated, length)).toThrow(/deflate stream|longer than/);
        }
        if (expected) expect(Buffer.compare(inflateZlib(deflated, length), expected)).toBe(0);
      }
    },
    limit.timeoutMs,
  );
});
