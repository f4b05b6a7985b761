import { describe, expect, it } from "vitest";
import { plotCurves, svgToPng } from "../src/index.js";

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
