import { describe, expect, it } from "vitest";
import { bandComposite, percentileStretch, reconstructionPanel, svgToPng } from "../src/index.js";
import { decodePng } from "./decode-png.js";

describe("percentileStretch and bandComposite", () => {
  it("stretch each band between its percentiles, in the order that was asked for", () => {
    const pixels = Float32Array.from([...Array(101).keys(), ...Array.from({ length: 101 }, (_, i) => 1000 - 10 * i)]);
    const stretch = percentileStretch(pixels, [2, 1, 101], [0, 1, 0]);
    expect(stretch).toEqual([
      [2, 98],
      [20, 980],
      [2, 98],
    ]);
    const rgb = bandComposite(pixels, [2, 1, 101], [0, 1, 0], stretch);
    expect([...rgb.subarray(0, 3)]).toEqual([0, 255, 0]); // clipped at both ends
    expect([...rgb.subarray(150, 153)]).toEqual([128, 128, 128]); // (50 − 2) / 96 = 0.5
    expect([...rgb.subarray(150 + 72, 153 + 72)]).toEqual([191, 64, 191]); // 74: 0.75; 260: 0.25
  });

  it("leave pixels without a value out, and show them grey", () => {
    const pixels = Float32Array.of(Number.NaN, 0, 4, Number.NaN);
    const stretch = percentileStretch(pixels, [1, 2, 2], [0, 0, 0], [0, 100]);
    expect(stretch[0]).toEqual([0, 4]);
    expect([...bandComposite(pixels, [1, 2, 2], [0, 0, 0], stretch)]).toEqual(
      [128, 0, 255, 128].flatMap((value) => [value, value, value]),
    );
  });

  it("show a constant band dark and never divide by zero", () => {
    const flat = Float32Array.of(3, 3);
    const stretch = percentileStretch(flat, [1, 1, 2], [0, 0, 0]);
    expect([...bandComposite(flat, [1, 1, 2], [0, 0, 0], stretch)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("say what is wrong with shape, bands and percentiles", () => {
    const flat = Float32Array.of(3, 3);
    expect(() => percentileStretch(flat, [2, 2, 2], [0, 0, 0])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: percentileStretch: expected pixels [2, 2, 2], got 2 values. Pass the shape that the pixels were read with.]`,
    );
    expect(() => percentileStretch(flat, [2, 1, 1], [2, 1, 0])).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: percentileStretch: expected bands from 0 to 1, got [2, 1, 0]. Bands are counted from 0.]`,
    );
    expect(() => percentileStretch(flat, [1, 1, 2], [0, 0, 0], [98, 2])).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: percentileStretch: expected percentiles 0 <= low < high <= 100, got [98, 2]. Use [2, 98].]`,
    );
  });
});

describe("reconstructionPanel", () => {
  // 13 channels, H ≠ W: red = channel 12, green = channel 5, blue = channel 0.
  const shape = [13, 2, 4] as const;
  const ramp = Float32Array.from({ length: 13 * 8 }, (_, index) => index % 8);
  const masked = ramp.map((value, index) => (index % 4 < 2 ? Number.NaN : value));
  const image = { input: ramp, masked, reconstruction: ramp.map((value) => 2 * value), label: "tile <7>" };
  const options = { images: [image], shape, bands: [12, 5, 0], percentiles: [0, 100] } as const;

  it("enlarges pixels whole, stretches all three pictures by the input, and shows masked pixels grey", () => {
    const factor = Math.ceil(150 / 4);
    const { width, height, pixel } = decodePng(reconstructionPanel(options).png);
    expect([width, height]).toEqual([3 * 4 * factor + 2 * 8, 2 * factor + 26]);
    const at = (picture: number, column: number, row: number) =>
      pixel(picture * (4 * factor + 8) + column * factor + 1, row * factor + 1)[0];
    expect(at(0, 3, 1)).toBe(255); // 7 of 0 … 7
    expect(at(0, 1, 0)).toBe(Math.round(255 / 7));
    expect(at(1, 1, 0)).toBe(128);
    expect(at(1, 2, 0)).toBe(Math.round((2 * 255) / 7));
    expect(at(2, 1, 0)).toBe(Math.round((2 * 255) / 7));
    expect(pixel(factor - 1, factor - 1)).toEqual(pixel(0, 0));
    expect(pixel(4 * factor + 4, 0)).toEqual([255, 255, 255]);
  });

  it("embeds the picture in an SVG with headings and escaped labels, whose rendering keeps its colours", () => {
    const { svg, png } = reconstructionPanel(options);
    expect(svg).toContain(Buffer.from(png).toString("base64"));
    expect(svg).toContain(">reconstruction<");
    expect(svg).toContain(">tile &lt;7&gt;<");
    const rendered = decodePng(svgToPng(svg, 1));
    expect(rendered.pixel(16 + 5, 36 + 24 + 5).slice(0, 3)).toEqual([0, 0, 0]);
    expect(rendered.pixel(16 + 4 * 38 - 5, 36 + 24 + 2 * 38 - 5).slice(0, 3)).toEqual([255, 255, 255]);
    expect(reconstructionPanel(options)).toEqual({ svg, png });
  });

  it("sets more than four images in two columns", () => {
    const { width, height } = decodePng(reconstructionPanel({ ...options, images: Array(5).fill(image) }).png);
    expect(width).toBe(2 * (3 * 4 * 38 + 16) + 28);
    expect(height).toBe(3 * (2 * 38 + 26));
  });

  it("refuses a panel of nothing", () => {
    expect(() => reconstructionPanel({ ...options, images: [] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: reconstructionPanel: expected at least one image, got none. Reconstruct some first.]`,
    );
  });
});
