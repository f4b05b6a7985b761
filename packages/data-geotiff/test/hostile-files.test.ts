import { crc32, FormatError } from "@graticule/core";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../tooling/test/fuzz-limit.js";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openImageFile } from "../src/image-file.js";
import { type TestTiff, writeTiff } from "./write-tiff.js";

const folder = makeTemporaryFolder();
const texture = Uint8Array.from({ length: 40 * 30 * 3 }, (_, index) => (index * index * 7) % 251);
const picture = sharp(texture, { raw: { width: 40, height: 30, channels: 3 } });
const jpeg = new Uint8Array(await picture.clone().jpeg().toBuffer());
const png = new Uint8Array(await picture.clone().png().toBuffer());
const base: TestTiff = { width: 8, height: 8, bands: 1, rowsPerStrip: 4, pixels: new Array(64).fill(3) };
const tiff = writeTiff(base);

/** A PNG that declares 60,000 by 60,000 pixels, with a valid checksum: the header chunk of a real encoder, resized. */
function hugePng(): Uint8Array {
  const bytes = png.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 60_000);
  view.setUint32(20, 60_000);
  view.setUint32(29, crc32(bytes.subarray(12, 29)));
  return bytes;
}

/** The JPEG with its frame header (marker FFC0) declaring 65,500 by 65,500 pixels. */
function hugeJpeg(): Uint8Array {
  const bytes = jpeg.slice();
  const frame = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] === 0xc0);
  new DataView(bytes.buffer).setUint32(frame + 5, (65_500 << 16) | 65_500);
  return bytes;
}

const withTags = (tags: NonNullable<TestTiff["tags"]>, more: Partial<TestTiff> = {}) =>
  writeTiff({ ...base, ...more, tags });
const LONG = 4;
const SHORT = 3;

const cases: [string, string, Uint8Array | string][] = [
  ["an empty file", "empty.tif", ""],
  ["text named .tif", "text.tif", "This is not an image, whatever its name says."],
  ["text named .jpg", "text.jpg", "Nor is this."],
  ["a few bytes of TIFF", "start.tif", tiff.slice(0, 6)],
  ["a TIFF header alone", "header.tif", tiff.slice(0, 8)],
  ["a TIFF cut inside its directory", "cut-directory.tif", tiff.slice(0, tiff.length - 60)],
  ["a BigTIFF header alone", "big.tif", writeTiff({ ...base, big: true }).slice(0, 16)],
  ["a JPEG cut in half", "cut.jpg", jpeg.slice(0, jpeg.length / 2)],
  ["a PNG cut in half", "cut.png", png.slice(0, png.length / 2)],
  ["a PNG that declares 60,000 by 60,000", "huge.png", hugePng()],
  ["a JPEG that declares 65,500 by 65,500", "huge.jpg", hugeJpeg()],
  ["a TIFF of width 0", "zero.tif", withTags({ 256: [LONG, [0]] })],
  ["a TIFF of 0 bands", "zero-bands.tif", withTags({ 277: [SHORT, [0]] })],
  ["a TIFF that declares 4 billion rows", "rows.tif", withTags({ 257: [LONG, [4294967295]] })],
  [
    "a TIFF that declares 100,000 by 100,000 in one strip",
    "large.tif",
    withTags({ 256: [LONG, [100_000]], 257: [LONG, [100_000]], 278: [LONG, [100_000]] }),
  ],
  [
    "a deflate TIFF that declares 8,000 by 8,000 in a few bytes",
    "bomb.tif",
    withTags({ 256: [LONG, [8000]], 257: [LONG, [8000]], 278: [LONG, [8000]] }, { compression: 8 }),
  ],
  ["a TIFF of 65,535 bands", "bands.tif", withTags({ 277: [SHORT, [65_535]] })],
  ["a TIFF whose strips lie outside the file", "offsets.tif", withTags({ 273: [LONG, [4_000_000_000, 8]] })],
  ["a TIFF whose strips are too short", "short.tif", withTags({ 279: [LONG, [32, 5]] })],
  ["a TIFF with fewer strips than rows need", "few.tif", withTags({ 273: [LONG, [8]] })],
  ["a TIFF of 24-bit samples", "bits.tif", withTags({ 258: [SHORT, [24]] })],
  ["a LERC TIFF of noise", "lerc.tif", withTags({ 259: [SHORT, [34887]] })],
  ["a TIFF of unknown compression", "unknown.tif", withTags({ 259: [SHORT, [777]] })],
  ["a deflate TIFF of noise", "noise.tif", writeTiff({ ...base, compression: 8 })],
  [
    "an LZW TIFF of noise",
    "lzw.tif",
    writeTiff({ ...base, compression: 5, compress: () => new Uint8Array(64).fill(0xff) }),
  ],
  ["a JPEG TIFF of noise", "jpeg.tif", writeTiff({ ...base, compression: 7 })],
  ["a TIFF with an unknown predictor", "predictor.tif", withTags({ 317: [SHORT, [9]] })],
];

test.each(cases)("%s is a clear error that names the file", async (_, name, bytes) => {
  const path = folder.write(name, bytes);
  const before = process.memoryUsage.rss();
  const error = await openImageFile(path)
    .then((image) => image.read())
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FormatError);
  expect((error as FormatError).path).toBe(path);
  expect((error as FormatError).message.replace(folder.path, "")).toMatchSnapshot();
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 27);
});

test("a missing file and a folder are named", async () => {
  await expect(openImageFile(`${folder.path}/none.tif`)).rejects.toThrow(
    /none\.tif: expected a readable file, got ENOENT/,
  );
  await expect(openImageFile(folder.path)).rejects.toThrow(/expected a readable file, got a folder/);
});

test("a wrong extension does not matter: content decides", async () => {
  const image = await openImageFile(folder.write("really-a.png.tif", png));
  expect([image.width, image.height, ...image.bandNames]).toEqual([40, 30, "red", "green", "blue"]);
});

test("maxValues bounds what a valid file may ask for", async () => {
  const path = folder.write("fine.tif", tiff);
  await expect(openImageFile(path, 63).then((image) => image.read())).rejects.toThrow(
    /expected at most 63 values, got 64/,
  );
  expect(await (await openImageFile(path, 64)).read()).toEqual(new Float32Array(64).fill(3));
});

const limit = fuzzLimit(100, 1 / 6);

test.each([
  ["tiff", tiff],
  ["deflate.tiff", writeTiff({ ...base, bands: 2, pixels: new Array(128).fill(9), planar: true, big: true })],
  ["lzw.tiff", new Uint8Array(await picture.clone().tiff({ compression: "lzw" }).toBuffer())],
  ["jpeg.tiff", new Uint8Array(await picture.clone().tiff({ compression: "jpeg" }).toBuffer())],
  ["jpg", jpeg],
  ["png", png],
])(
  "mutated %s files are read or refused, never worse",
  async (kind, original) => {
    const mutation = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) });
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(mutations, fc.nat(original.length), async (changes, cut) => {
      const bytes = original.slice(0, cut % 3 === 0 ? cut : original.length);
      for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
      const path = folder.write(`fuzz.${kind}`, bytes);
      try {
        const image = await openImageFile(path, 2 ** 22);
        expect(await image.read()).toBeInstanceOf(Float32Array);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    });
    await fc.assert(property, { seed: 20240501, ...limit.parameters });
  },
  limit.timeoutMs,
);
