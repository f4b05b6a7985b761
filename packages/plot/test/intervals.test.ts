import { describe, expect, it } from "vitest";
import { plotIntervals } from "../src/index.js";

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
