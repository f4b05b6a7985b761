import sharp from "sharp";
import { expect, test } from "vitest";
import { readJpegHeader } from "../src/jpeg-header.js";

const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: "#123456" } });

test.each([
  ["baseline", {}, "srgb"],
  ["progressive", { progressive: true }, "srgb"],
  ["gray", {}, "b-w"],
] as const)("a %s JPEG's header is as sharp reads it", async (_, options, space) => {
  const bytes = await picture.clone().toColourspace(space).jpeg(options).toBuffer();
  const { width, height, depth, space: read } = await sharp(bytes).metadata();
  expect(readJpegHeader(bytes)).toEqual({ width, height, depth, space: read });
  for (let length = 0; length < 64; length++) expect(readJpegHeader(bytes.subarray(0, length))).toBeUndefined();
});

test("CMYK and other files are left to the decoder", async () => {
  expect(readJpegHeader(await picture.clone().toColourspace("cmyk").jpeg().toBuffer())).toBeUndefined();
  expect(readJpegHeader(await picture.clone().png().toBuffer())).toBeUndefined();
});
