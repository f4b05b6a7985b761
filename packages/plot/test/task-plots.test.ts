import { expect, it } from "vitest";
import { plotReliability, plotScatter, plotSegmentation, svgToPng } from "../src/index.js";
import { decodePng } from "./decode-png.js";

it("plotSegmentation sets image, classes and prediction side by side, and greys what has no class", () => {
  const image = {
    pixels: Float32Array.from({ length: 3 * 8 }, (_, at) => at % 8),
    labels: [-1, 0, 0, 0, 1, 1, 1, 1],
    predictions: [1, 0, 0, 0, 1, 1, 1, 0],
  };
  const options = { images: [image], shape: [3, 2, 4], bands: [0, 1, 2], classNames: ["oats", "<b>"] } as const;
  const svg = plotSegmentation(options);
  const embedded = /base64,([^"]+)/.exec(svg)?.[1] as string;
  const { width, height, pixel } = decodePng(new Uint8Array(Buffer.from(embedded, "base64")));
  const factor = Math.ceil(150 / 4);
  const side = 4 * factor;
  expect([width, height]).toEqual([3 * side + 2 * 8, 2 * factor + 8]);
  const [labels, predictions] = [side + 8, 2 * (side + 8)];
  expect(pixel(labels, 0)).toEqual([225, 228, 232]); // no class
  expect(pixel(predictions, 0)).toEqual([34, 136, 51]); // taken for the second
  expect(pixel(labels + factor, 0)).toEqual([204, 102, 119]);
  expect(svg).toContain("&lt;b&gt;");
  expect(svg).toContain(">no class<");
  expect(plotSegmentation(options)).toBe(svg);
  expect(() =>
    plotSegmentation({ ...options, images: [{ ...image, labels: [0] }] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: plotSegmentation: expected a class for each of [2, 4] pixels, got 1.]`,
  );
});

it("plotScatter gives both axes one range, the line where they agree, and leaves out what is not finite", () => {
  const labels = { title: "Heights", xLabel: "measured (m)", yLabel: "predicted (m)" };
  const svg = plotScatter({ x: [0, 1, 2, Number.NaN], y: [0.5, 1, 4, 3], ...labels });
  const points = [...svg.matchAll(/<circle [^>]*?cy="([\d.]+)" cx="([\d.]+)"/g)].map(([, y, x]) => [
    Number(x),
    Number(y),
  ]);
  expect(points).toHaveLength(3);
  const [low, middle, high] = points as [number[], number[], number[]];
  expect((high[0]! - low[0]!) / 2).toBeCloseTo(middle[0]! - low[0]!, 3);
  expect((low[1]! - high[1]!) / 3.5).toBeCloseTo((low[1]! - middle[1]!) / 0.5, 1);
  expect(svg).toContain("stroke-dasharray");
  expect(svgToPng(svg, 1).length).toBeGreaterThan(1000);
  expect(() => plotScatter({ x: [1], y: [1, 2], ...labels })).toThrow(/as many x as y, got 1 x and 2 y/);
  expect(() => plotScatter({ x: [Number.NaN], y: [1], ...labels })).toThrow(/expected a finite point, got none/);
});

it("plotReliability draws a bar for each bin that has items, as high as its share of right predictions", () => {
  const bins = [
    { low: 0, high: 0.5, numItems: 0, confidence: 0, accuracy: 0 },
    { low: 0.5, high: 0.75, numItems: 4, confidence: 0.6, accuracy: 0.5 },
    { low: 0.75, high: 1, numItems: 12, confidence: 0.9, accuracy: 1 },
  ];
  const svg = plotReliability({ bins });
  const heights = [...svg.matchAll(/<rect [^>]*?height="([\d.]+)"[^>]*>/g)].map(([, height]) => Number(height));
  const [half, whole, few, many] = heights.slice(-4) as [number, number, number, number];
  expect(whole / half).toBeCloseTo(2, 6);
  expect(many / few).toBeCloseTo(3, 6);
  expect(svg).toContain(">share of right predictions<");
  expect(svgToPng(svg, 1).length).toBeGreaterThan(1000);
  expect(() => plotReliability({ bins: bins.slice(0, 1) })).toThrow(/expected predictions, got none/);
});
