import { deflateSync } from "node:zlib";
import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { inflateInPairs } from "../../src/codecs/inflate-in-pairs.js";

/** Noise of few bits, which differs by seed. */
function noise(seed: number, length: number): Uint8Array {
  const random = makeRandom(seed, "pairs");
  return Uint8Array.from({ length }, () => random.integer(100));
}

test("streams that are asked for at once each inflate to their own bytes, and a broken one fails alone", async () => {
  const lengths = [40_000, 10, 70_000, 60_000, 20_000, 30_000, 0];
  const broken = 3;
  const rooms = lengths.map((length) => new Uint8Array(length));
  const results = await Promise.allSettled(
    lengths.map((length, seed) => {
      const bytes = new Uint8Array(deflateSync(noise(seed, length)));
      if (seed === broken) bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      const room = seed % 2 === 0 ? () => rooms[seed] as Uint8Array : undefined;
      return inflateInPairs({ bytes, maxBytes: length, room });
    }),
  );
  for (const [seed, result] of results.entries()) {
    if (seed === broken) expect(result).toEqual({ status: "rejected", reason: new Error("corrupt deflate stream") });
    else {
      const value = result.status === "fulfilled" ? result.value : new Uint8Array(1);
      expect(Buffer.compare(value, noise(seed, lengths[seed] as number))).toBe(0);
      if (seed % 2 === 0) expect(value).toBe(rooms[seed]);
    }
  }
});

test("two that need more memory than is kept go one after the other", async () => {
  const large = new Uint8Array(2 ** 23 + 1);
  const streams = [0, 1].map(() => ({ bytes: deflateSync(large), maxBytes: large.length, room: undefined }));
  for (const bytes of await Promise.all(streams.map(inflateInPairs))) expect(bytes.length).toBe(large.length);
});
