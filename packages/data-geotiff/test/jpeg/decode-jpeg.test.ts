import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeRandom } from "@graticule/core";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { fuzzLimit } from "../../../../tooling/test/fuzz-limit.js";
import { decodeJpeg } from "../../src/jpeg/decode-jpeg.js";
import { readJpegHeader } from "../../src/jpeg/jpeg-header.js";

const { cases } = JSON.parse(readFileSync(new URL("../fixtures/jpegs.json", import.meta.url), "utf8")) as {
  readonly cases: Readonly<Record<string, { readonly base64: string; readonly sha256: string }>>;
};
const fixture = (name: string): Uint8Array => new Uint8Array(Buffer.from(cases[name]?.base64 as string, "base64"));
const names = Object.keys(cases);

function decode(bytes: Uint8Array): Uint8Array {
  const header = readJpegHeader(bytes);
  if (header?.scan === undefined) throw new Error("not a JPEG of one scan");
  return decodeJpeg(bytes, header, header.scan);
}

async function bySharp(bytes: Uint8Array): Promise<Uint8Array> {
  const space = readJpegHeader(bytes)?.components === 1 ? "b-w" : "srgb";
  return await sharp(bytes, { failOn: "error" }).toColourspace(space).raw().toBuffer();
}

test.each(names)("%s: pixels are libjpeg-turbo's, bit for bit", async (name) => {
  const pixels = decode(fixture(name));
  expect(createHash("sha256").update(pixels).digest("hex")).toBe(cases[name]?.sha256);
  expect(Buffer.compare(pixels, await bySharp(fixture(name)))).toBe(0);
});

test("pictures of any size, sampling and quality are as sharp decodes them", async () => {
  const random = makeRandom(1, "jpeg");
  for (let round = 0; round < 60; round++) {
    const [width, height] = [1 + random.integer(70), 1 + random.integer(70)];
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) =>
      round % 2 === 0 ? random.integer(256) : 128 + 90 * Math.sin(at / (5 + round)) + random.integer(20),
    );
    const chromaSubsampling = round % 3 === 0 ? "4:4:4" : "4:2:0";
    const options = { quality: 1 + random.integer(100), chromaSubsampling, optimiseCoding: round % 5 > 0 };
    const image = sharp(pixels, { raw: { width, height, channels: 3 } }).jpeg(options);
    const bytes = await (round % 7 === 0 ? image.toColourspace("b-w") : image).toBuffer();
    expect(Buffer.compare(decode(bytes), await bySharp(bytes)), `${width} x ${height} in round ${round}`).toBe(0);
  }
});

const root = fileURLToPath(new URL("../../../../../shared/data/scene/ucmerced_jpg/test/", import.meta.url));
const present = existsSync(root);

describe.skipIf(!present)(
  `real pictures${present ? "" : " (skipped: no ../shared/data beside the repository)"}`,
  () => {
    test("UC Merced's are as sharp decodes them", async () => {
      const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".jpg"));
      expect(files.length).toBe(420);
      for (const file of files.filter((_, index) => index % 5 === 0)) {
        const bytes = readFileSync(root + file);
        expect(Buffer.compare(decode(bytes), await bySharp(bytes)), file).toBe(0);
      }
    });
  },
);

/** Where a file's scan begins. */
const scanStart = (bytes: Uint8Array): number => readJpegHeader(bytes)?.scan?.start as number;

test("a scan that ends early is an error wherever it ends, with and without the marker that follows", () => {
  for (const name of ["17 x 33, 420, quality 95", "70 x 20, 444, quality 85, restart_marker_blocks 7"]) {
    const bytes = fixture(name);
    for (let end = scanStart(bytes); end < bytes.length - 1; end += 7) {
      expect(() => decode(bytes.subarray(0, end))).toThrow("premature end of JPEG image");
      // Less than 8 bits of the last unit may be filling.
      if (end < bytes.length - 3)
        expect(() => decode(Uint8Array.of(...bytes.subarray(0, end), 0xff, 0xd9))).toThrow(
          /premature end|no restart marker/,
        );
    }
  }
});

test("damage inside a scan is named", () => {
  const bytes = fixture("40 x 40, 420, quality 75, restart_marker_blocks 1");
  const restart = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] === 0xd1);
  const swapped = bytes.slice();
  swapped[restart + 1] = 0xd5;
  expect(() => decode(swapped)).toThrow("no restart marker where one is due");
  const whole = fixture("31 x 30, 444, quality 100");
  const ones = [...whole.subarray(0, scanStart(whole)), ...new Array(500).fill([0xff, 0]).flat(), 0xff, 0xd9];
  expect(() => decode(Uint8Array.from(ones))).toThrow("an impossible Huffman code");
  const table = fixture("31 x 30, 444, quality 100");
  const dht = table.findIndex((byte, at) => byte === 0xff && table[at + 1] === 0xc4);
  table[dht + 5] = 3; // Three codes of one bit.
  expect(() => decode(table)).toThrow(/impossible Huffman table|not a JPEG/);
});

test("a header that declares more than its scan can hold is refused before memory is taken", () => {
  const bytes = fixture("31 x 30, 444, quality 100");
  const frame = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] === 0xc0);
  new DataView(bytes.buffer).setUint32(frame + 5, (16_000 << 16) | 16_000);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => decode(bytes)).toThrow("premature end of JPEG image");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
});

const limit = fuzzLimit(1500);

test(
  "mutated pictures decode or throw what is wrong, and leave the next one whole",
  () => {
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte: fc.nat(255),
    });
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 8 });
    const which = fc.nat(names.length - 1);
    const known = /^(premature end|an impossible|a block of more|no restart marker|not a JPEG)/;
    const property = fc.property(which, mutations, fc.nat(10 ** 6), (index, changes, cut) => {
      const name = names[index] as string;
      const original = fixture(name);
      const bytes = original.slice(0, cut % 5 === 0 ? cut % original.length : original.length);
      for (const { at, byte } of changes) if (bytes.length > 0) bytes[Math.floor(at * bytes.length)] = byte;
      const header = readJpegHeader(bytes);
      if (header !== undefined && header.width * header.height > 2 ** 22) return;
      try {
        decode(bytes);
      } catch (error) {
        expect((error as Error).message).toMatch(known);
      }
      if (cut % 4 > 0) return;
      expect(createHash("sha256").update(decode(original)).digest("hex")).toBe(cases[name]?.sha256);
    });
    fc.assert(property, { seed: 20240503, ...limit.parameters });
  },
  limit.timeoutMs,
);
