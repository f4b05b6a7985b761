import { describe, expect, it } from "vitest";
import { plotConfusionMatrix, plotCurves, plotIntervals, svgToPng } from "../src/index.js";
import { decodePng } from "./decode-png.js";

/** Path data of the lines that are drawn. */
function linePaths(svg: string): string[] {
  return [...svg.matchAll(/aria-label="line"[^>]*><path d="([^"]*)"/g)].map((match) => match[1] as string);
}
const axes = { title: "Loss", xLabel: "step", yLabel: "loss" };

describe("plotCurves", () => {
  const x = [0, 100, 200, 300];

  it("draws one line a series in its colour, with ticks, labels and a legend", () => {
    const svg = plotCurves({
      ...axes,
      series: [
        { name: "train", x, y: [1, 0.8, 0.6, 0.4] },
        { name: "validation", x, y: [1, 0.9, 0.8, 0.7] },
      ],
    });
    const [train] = linePaths(svg);
    const points = (train as string)
      .split(/[ML]/)
      .slice(1)
      .map((point) => point.split(",").map(Number));
    expect(points).toHaveLength(4);
    const [first, second, third] = points as [number, number][];
    expect((third?.[0] as number) - (second?.[0] as number)).toBeCloseTo(
      (second?.[0] as number) - (first?.[0] as number),
      2,
    );
    expect((third?.[1] as number) - (second?.[1] as number)).toBeCloseTo(
      (second?.[1] as number) - (first?.[1] as number),
      2,
    );
    expect((second?.[1] as number) > (first?.[1] as number)).toBe(true); // falls: SVG's y grows downwards
    for (const text of [">train<", ">validation<", ">loss<", ">step<", ">0.4<", ">300<", ">Loss<"])
      expect(svg).toContain(text);
    expect(svg).toMatch(/stroke="#0072b2"[\s\S]*stroke="#d55e00"/);
  });

  it("interrupts a line at values that are not finite, or not positive on a logarithmic axis", () => {
    const broken = { name: "loss", x: [0, 1, 2, 3, 4], y: [1, 10, Number.NaN, 100, 1000] };
    expect(linePaths(plotCurves({ ...axes, series: [broken] }))[0]?.match(/M/g)).toHaveLength(2);
    const negative = { ...broken, y: [1, 10, -1, 100, 1000] };
    const path = linePaths(plotCurves({ ...axes, series: [negative], logY: true }))[0] as string;
    const heights = path
      .split(/[ML]/)
      .slice(1)
      .map((point) => Number(point.split(",")[1]));
    expect((heights[0] as number) - (heights[1] as number)).toBeCloseTo(
      (heights[2] as number) - (heights[3] as number),
      2,
    );
  });

  it("draws a single point as a dot, and thins long lines without losing a spike", () => {
    expect(plotCurves({ ...axes, series: [{ name: "a", x: [5], y: [2] }] })).toContain('aria-label="dot"');
    const y = new Float32Array(100_000).fill(1);
    y[54_321] = 9;
    const svg = plotCurves({ ...axes, series: [{ name: "a", x: y.map((_, index) => index), y }] });
    expect(svg.length).toBeLessThan(60_000);
    const heights = (linePaths(svg)[0] as string)
      .split(/[ML]/)
      .slice(1)
      .map((point) => Number(point.split(",")[1]));
    expect(heights.filter((height) => height === Math.min(...heights))).toHaveLength(1);
  });

  it("escapes names and gives the same bytes twice", () => {
    const hostile = { name: "</text><script>x</script>\u0000&\u00a0", x, y: [1, 2, 3, 4] };
    const options = { title: '"<&>"', xLabel: "<b>", yLabel: "a & b", series: [hostile, { ...hostile, name: "b" }] };
    const svg = plotCurves(options);
    expect(svg).not.toMatch(/<script|<b>|&nbsp;|\p{Cc}(?<!\n)/u);
    expect(plotCurves(options)).toBe(svg);
    expect(svgToPng(svg, 1)).toEqual(svgToPng(svg, 1)); // also: it is well-formed XML
  });

  it("holds no style sheet, script, link or foreign address", () => {
    const svg = plotCurves({ ...axes, series: [{ name: "a", x, y: x }] });
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/<style|<script|href|https?:/);
  });

  it("says what is wrong with its series", () => {
    expect(() =>
      plotCurves({ ...axes, series: [{ name: "train", x: [1], y: [] }] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: plotCurves 'train': expected as many x as y, got 1 x and 0 y. Give one x for each y.]`,
    );
    expect(() =>
      plotCurves({ ...axes, logY: true, series: [{ name: "train", x: [1], y: [-1] }] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: plotCurves 'Loss': expected at least one positive finite point, got none in 1 series. Draw it once something is logged.]`,
    );
  });
});

describe("plotConfusionMatrix", () => {
  it("colours cells by their share of the true class and writes the counts", () => {
    const svg = plotConfusionMatrix({
      matrix: [
        [30, 10],
        [0, 0],
      ],
      classNames: ["water", "land"],
    });
    const fills = [...svg.matchAll(/<rect [^>]*aria-label|aria-label="cell">(.*?)<\/g>/g)][0]?.[1] as string;
    const colors = [...fills.matchAll(/fill="([^"]+)"/g)].map((match) => match[1]);
    expect(colors).toHaveLength(4);
    expect(colors[2]).toBe(colors[3]); // an absent class: both cells empty
    expect(new Set(colors).size).toBe(3);
    expect(svg).toContain(">30<");
    expect(svg).toContain(">10<");
    expect(svg.match(/>water</g)).toHaveLength(2);
  });

  it("leaves out the counts where 51 classes leave no room, and stays within a page", () => {
    const classNames = Array.from({ length: 51 }, (_, k) => `a rather long class name ${k}`);
    const matrix = classNames.map((_, row) => classNames.map((__, column) => (row === column ? 77 : 0)));
    const svg = plotConfusionMatrix({ matrix, classNames });
    expect(svg).not.toContain(">77<");
    expect(svg).toContain("a rather long class nam…");
    const image = decodePng(svgToPng(svg, 1));
    expect(image.width).toBeLessThan(1000);
    expect(image.height).toBeLessThan(1050);
  });

  it("says what is wrong with the matrix", () => {
    expect(() => plotConfusionMatrix({ matrix: [[1]], classNames: ["a", "b"] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: plotConfusionMatrix: expected a [2, 2] matrix for 2 class names, got [1, 1]. Give one name for each class.]`,
    );
  });
});

describe("plotIntervals", () => {
  it("draws bars from 0, whiskers from low to high, and the numbers", () => {
    const bars = [
      { name: "pretrained", value: 0.5, low: 0.25, high: 0.75 },
      { name: "random", value: 0.25, low: 0.2, high: 0.3 },
    ];
    const svg = plotIntervals({ bars, title: "Probe", label: "top-1" });
    expect(svg).toContain("0.500 [0.250, 0.750]");
    const widths = [...svg.matchAll(/<rect [^>]*?width="([\d.]+)"[^>]*>/g)].map((match) => Number(match[1])).slice(1);
    expect(widths[0]).toBeCloseTo(2 * (widths[1] as number), 6);
    const [, x1, x2] =
      /aria-label="rule"[^>]*><line ([^>]*)/.exec(svg)?.[1]?.match(/x2="([\d.]+)".*x1="([\d.]+)"/) ?? [];
    expect(Math.abs(Number(x1) - Number(x2))).toBeCloseTo(widths[0] as number, 6); // 0.75 − 0.25 = 0.5
    expect(plotIntervals({ bars, title: "Probe", label: "top-1" })).toBe(svg);
  });

  it("says what is wrong with a bar", () => {
    const bar = { name: "a", value: Number.NaN, low: 0, high: 1 };
    expect(() => plotIntervals({ bars: [bar], title: "t", label: "l" })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: plotIntervals 't': expected finite values and ends, got NaN [0, 1] for 'a'. Leave out what was not measured.]`,
    );
    expect(() => plotIntervals({ bars: [], title: "t", label: "l" })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: plotIntervals 't': expected finite values and ends, got no bar. Leave out what was not measured.]`,
    );
  });
});
