import { readFileSync } from "node:fs";
import { FormatError } from "@graticule/core";
import { makeMemorySource } from "@graticule/data";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../tooling/test/fuzz-limit.js";
import { boundsIn, gridOf, openRasterFrom } from "../src/index.js";
import { joinTiffs, writeTiff } from "./write-tiff.js";

const kinds = JSON.parse(readFileSync(new URL("./fixtures/tiff-kinds.json", import.meta.url), "utf8")) as {
  readonly cases: Readonly<Record<string, { readonly base64: string }>>;
};
const place = {
  33550: [12, [30, 30, 0]],
  33922: [12, [0, 0, 0, 500000, 4000000, 0]],
  34735: [3, [1, 1, 0, 4, 1025, 0, 1, 1, 3072, 0, 1, 32767, 3075, 0, 1, 10, 2056, 0, 1, 7030]],
  42112: [2, '<Item name="SCALE" sample="0" role="scale">0.5</Item>\0'],
} as const;
const small = { width: 4, height: 2, bands: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8] };
const levels = [
  { ...small, tags: place },
  ...[1, 4].map((kind) => ({ ...small, tags: { 254: [3, [kind]] } as const })),
];
const originals = [
  ...Object.values(kinds.cases).map(({ base64 }) => new Uint8Array(Buffer.from(base64, "base64"))),
  joinTiffs(levels.map(writeTiff)),
];
const limit = fuzzLimit(400);

/** Reads all there is: pixels, overviews, masks, the place. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const raster = await openRasterFrom(makeMemorySource("mutated.tif", bytes), {
    maxValues: 2 ** 20,
    applyMask: true,
    applyScale: true,
  });
  for (const level of [raster, ...raster.overviews.slice(0, 3)]) {
    const { width, height } = level;
    await level.readWindow({ row: 0, column: 0, width, height });
  }
  if (raster.crs && raster.transform)
    try {
      boundsIn(gridOf(raster));
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError); // A place that is nowhere.
    }
}

test(
  "mutated files of every codec and sample type are read or refused, never worse",
  async () => {
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte: fc.nat(255),
    });
    const property = fc.asyncProperty(
      fc.nat(originals.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.nat(10 ** 6),
      async (which, changes, cut) => {
        const original = originals[which] as Uint8Array;
        const bytes = original.slice(0, cut % 5 === 0 ? cut % original.length : original.length);
        // Half of the changes hit the first tenth: headers and directories.
        for (const [index, { at, byte }] of changes.entries())
          if (bytes.length > 0) bytes[Math.floor(at * bytes.length * (index % 2 ? 0.1 : 1))] = byte;
        await readAll(bytes).catch((error) => expect(error).toBeInstanceOf(FormatError));
      },
    );
    await fc.assert(property, { seed: 20240502, ...limit.parameters });
  },
  limit.timeoutMs,
);
