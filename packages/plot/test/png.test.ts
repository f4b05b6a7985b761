import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodePng, svgToPng } from "../src/index.js";
import { decodePng } from "./decode-png.js";

describe("encodePng", () => {
  const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 250, 251, 252, 7, 7, 7); // [2, 3, 3]

  it("writes pixels that a decoder reads back", () => {
    const image = decodePng(encodePng(pixels, 3, 2));
    expect([image.width, image.height]).toEqual([3, 2]);
    expect([image.pixel(0, 0), image.pixel(1, 0), image.pixel(2, 0)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ]);
    expect([image.pixel(0, 1), image.pixel(1, 1), image.pixel(2, 1)]).toEqual([
      [1, 2, 3],
      [250, 251, 252],
      [7, 7, 7],
    ]);
  });

  it("ends each chunk with the checksum of its type and data", () => {
    const file = Buffer.from(encodePng(pixels, 3, 2));
    for (let at = 8; at < file.length; at += file.readUInt32BE(at) + 12) {
      const end = at + 8 + file.readUInt32BE(at);
      expect(file.readUInt32BE(end)).toBe(crc32(file.subarray(at + 4, end)));
    }
  });

  it("gives the same bytes for the same pixels", () => {
    expect(encodePng(pixels, 3, 2)).toEqual(encodePng(pixels.slice(), 3, 2));
  });

  it("says what is wrong with the size", () => {
    expect(() => encodePng(pixels, 4, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: encodePng: expected pixels [2, 4, 3], got 18 bytes. Give three bytes a pixel.]`,
    );
  });
});

describe("svgToPng", () => {
  const svg = (body: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#fff"/>${body}</svg>`;

  it("renders shapes at a scale", () => {
    const image = decodePng(svgToPng(svg('<rect x="10" y="5" width="10" height="5" fill="#0072b2"/>'), 3));
    expect([image.width, image.height]).toEqual([120, 60]);
    expect(image.pixel(45, 20)).toEqual([0, 0x72, 0xb2, 255]);
    expect(image.pixel(0, 0)).toEqual([255, 255, 255, 255]);
  });

  it("draws text with the font that it brings, whatever family is asked for", () => {
    const image = decodePng(
      svgToPng(svg('<text x="2" y="18" font-size="20" font-family="No Such Font">MMM</text>'), 1),
    );
    let dark = 0;
    for (let y = 0; y < 20; y++) for (let x = 0; x < 40; x++) if ((image.pixel(x, y)[0] as number) < 128) dark += 1;
    expect(dark).toBeGreaterThan(60);
  });

  it("says what is wrong with the document and the scale", () => {
    expect(() => svgToPng("<html>")).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: svgToPng: expected an SVG document, got '<html>' (SVG data parsing failed cause the root node was opened but never closed). Pass what the plot functions return.]`,
    );
    expect(() => svgToPng(svg(""), 0)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: svgToPng: expected a scale above 0, got 0. Use 1 or 2.]`,
    );
  });
});
