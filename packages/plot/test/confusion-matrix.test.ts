import { describe, expect, it } from "vitest";
import { plotConfusionMatrix, svgToPng } from "../src/index.js";
import { decodePng } from "./decode-png.js";

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
