import { expect, it } from "vitest";
import { plotSpectra, svgToPng } from "../src/index.js";

const wavelengthsNm = [400, 410, 420, 430, 700, 710, 720];
const mean = [0.1, 0.2, 0.3, NaN, 0.2, 0.3, 0.4];

/** The pieces of the lines drawn: a new one starts with M. */
const pieces = (svg: string): number[] =>
  [...svg.matchAll(/<path[^>]*\bd="([^"]*)"/g)].map(([, path]) => (path as string).split("M").length - 1);

it("interrupts lines where bands are missing and where wavelengths jump", () => {
  const svg = plotSpectra({ spectra: [{ name: "soil", mean }], wavelengthsNm, title: "Soil", yLabel: "reflectance" });
  expect(pieces(svg)).toContain(2);
  const whole = plotSpectra({
    spectra: [{ name: "soil", mean: mean.slice(0, 3) }],
    wavelengthsNm: wavelengthsNm.slice(0, 3),
    title: "Soil",
    yLabel: "reflectance",
  });
  expect(pieces(whole)).not.toContain(2);
  expect(svg).toContain("wavelength (nm)");
});

it("draws a band of one deviation, a legend for several, and renders", () => {
  const spectra = [
    { name: "grass <1>", mean, std: mean.map(() => 0.05) },
    { name: "soil", mean: mean.map((value) => value / 2) },
  ];
  const svg = plotSpectra({ spectra, wavelengthsNm, title: "Classes", yLabel: "reflectance" });
  expect(svg).toContain('fill-opacity="0.16"');
  expect(svg).toContain("grass &lt;1&gt;");
  expect(svgToPng(svg, 1).length).toBeGreaterThan(1000);
});

it("says what is wrong with spectra that can't be drawn", () => {
  const draw = (values: number[], std?: number[]) => () =>
    plotSpectra({
      spectra: [{ name: "soil", mean: values, ...(std && { std }) }],
      wavelengthsNm,
      title: "T",
      yLabel: "y",
    });
  expect(draw([1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: plotSpectra 'soil': expected one value for each of 7 wavelengths, got 1. Give mean, std and wavelengths of the same bands.]`,
  );
  expect(draw(mean, [1])).toThrow(/one value for each of 7 wavelengths, got 1/);
  expect(draw(mean.map(() => NaN))).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: plotSpectra 'T': expected at least one finite value, got none in 1 spectra. Leave empty classes out.]`,
  );
});
