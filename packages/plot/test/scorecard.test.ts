import { describe, expect, it } from "vitest";
import { plotCurves, plotRankHistogram, plotScorecard, svgToPng } from "../src/index.js";

describe("plotScorecard", () => {
  const options = {
    title: "Scores",
    label: "RMSE against persistence",
    rows: ["z500", "t<850"],
    columns: ["6 h", "3 d"],
  };
  const cells = [
    [
      { improvement: 0.5, significant: true },
      { improvement: -0.034, significant: false },
    ],
    [null, { improvement: -20, significant: true }],
  ];

  it("shows percent, colours and marks", () => {
    const svg = plotScorecard({ ...options, cells });
    for (const text of [">+50 ▲<", ">−3.4<", ">–<", ">&lt; −999 ▼<", ">t&lt;850<", ">3 d<"])
      expect(svg).toContain(text);
    expect(svgToPng(svg, 1).length).toBeGreaterThan(0); // it is well-formed XML
    expect(svg).toMatch(/rgb\(5,48,97\)"\/><text[^>]*>\+50/); // the blue end: half of the error is gone
    expect(svg).toMatch(/rgb\(103,0,31\)"\/><text[^>]*>&lt; −999/); // the red end
  });

  it("says which shape it needs", () => {
    expect(() => plotScorecard({ ...options, cells: [[null]] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: plotScorecard 'Scores': expected cells [2, 2], got [1, 1]. Give one cell, or null, for each row and column.]`,
    );
  });
});

describe("plotRankHistogram", () => {
  it("draws a bar a rank and the reliable level", () => {
    const svg = plotRankHistogram({ shares: [0.5, 0.25, 0.25], title: "Ranks" });
    const heights = [...svg.matchAll(/<rect [^>]*height="([\d.]+)"[^>]*>/g)].map((match) => Number(match[1])).slice(-3);
    expect((heights[0] as number) / (heights[1] as number)).toBeCloseTo(2, 2);
    expect(svg).toContain("rank of the truth among 2 members");
    expect(svg).toContain("reliable ensemble");
  });

  it("says what is not a share", () => {
    expect(() => plotRankHistogram({ shares: [4, 5], title: "Ranks" })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: plotRankHistogram 'Ranks': expected two or more shares from 0 to 1, got [4, 5].]`,
    );
  });
});

describe("plotCurves for errors and spectra", () => {
  const axes = { title: "t", xLabel: "x", yLabel: "y" };

  it("draws bands behind broken lines", () => {
    const svg = plotCurves({
      ...axes,
      series: [{ name: "a", x: [1, 2], y: [2, 3], dashed: true, band: { low: [1, 2], high: [3, 4] } }],
    });
    expect(svg.indexOf('aria-label="area"')).toBeLessThan(svg.indexOf('aria-label="line"'));
    expect(svg).toMatch(/stroke-dasharray="5 4"[^>]*aria-label="line"/);
  });

  it("spaces powers of ten evenly on a logarithmic x axis, and leaves wavenumber 0 out", () => {
    const svg = plotCurves({ ...axes, logX: true, series: [{ name: "a", x: [0, 1, 10, 100], y: [9, 1, 2, 3] }] });
    const path = /aria-label="line"[^>]*><path d="M([^"]*)"/.exec(svg)?.[1] as string;
    const [first, second, third, none] = path.split("L").map((point) => Number(point.split(",")[0]));
    expect(none).toBeUndefined();
    expect((third as number) - (second as number)).toBeCloseTo((second as number) - (first as number), 2);
  });

  it("says which values of a band are missing", () => {
    expect(() =>
      plotCurves({ ...axes, series: [{ name: "a", x: [1, 2], y: [1, 2], band: { low: [1], high: [1, 2] } }] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: plotCurves 'a': expected as many x as band.low, got 2 x and 1 band.low. Give one x for each band.low.]`,
    );
  });
});
