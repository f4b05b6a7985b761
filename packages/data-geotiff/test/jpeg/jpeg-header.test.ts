import sharp from "sharp";
import { expect, test } from "vitest";
import { readJpegHeader } from "../../src/jpeg/jpeg-header.js";

const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: "#123456" } });

test.each([
  ["baseline", {}, "srgb", 3],
  ["progressive", { progressive: true }, "srgb", 3],
  ["gray", {}, "b-w", 1],
] as const)("a %s JPEG's header is as sharp reads it", async (kind, options, space, components) => {
  const bytes = await picture.clone().toColourspace(space).jpeg(options).toBuffer();
  const { width, height } = await sharp(bytes).metadata();
  const header = readJpegHeader(bytes);
  expect(header).toMatchObject({ width, height, components });
  expect(header?.scan !== undefined).toBe(kind !== "progressive");
  for (let length = 0; length < 64; length++) expect(readJpegHeader(bytes.subarray(0, length))).toBeUndefined();
});

test("CMYK and other files are left to the decoder", async () => {
  expect(readJpegHeader(await picture.clone().toColourspace("cmyk").jpeg().toBuffer())).toBeUndefined();
  expect(readJpegHeader(await picture.clone().png().toBuffer())).toBeUndefined();
});
