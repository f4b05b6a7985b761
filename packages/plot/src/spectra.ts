import { ShapeError } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, makeFigure, SERIES_COLORS } from "./figure.js";

/** One spectrum, or the mean of many with their standard deviation. NaN interrupts the line. */
export interface Spectrum {
  readonly name: string;
  readonly mean: ArrayLike<number>;
  /** Drawn as a band of one deviation to either side. */
  readonly std?: ArrayLike<number>;
}

export interface SpectraOptions {
  readonly spectra: readonly Spectrum[];
  /** Band centers, in any order. Units: nm. */
  readonly wavelengthsNm: readonly number[];
  readonly title: string;
  /** What is measured, with its unit. */
  readonly yLabel: string;
}

const WIDTH = 720;
const HEIGHT = 360;
/** A step of this many usual steps is a hole where bands were left out: the line stops there. */
const HOLE_STEPS = 4;

interface Point {
  readonly nm: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const gapAt = (nm: number): Point => ({ nm, mean: NaN, low: NaN, high: NaN });

/**
 * Draws spectra over wavelength, with a band of one standard deviation. Lines stop where bands are missing: where a
 * value is NaN, and where wavelengths jump because bands were left out.
 *
 * @throws {ShapeError} if a spectrum doesn't have one value a wavelength.
 * @throws {RangeError} if there is nothing to draw.
 *
 * @returns an SVG document.
 */
export function plotSpectra({ spectra, wavelengthsNm, title, yLabel }: SpectraOptions): string {
  const order = Array.from(wavelengthsNm, (_, band) => band).filter((band) => Number.isFinite(wavelengthsNm[band]));
  order.sort((a, b) => (wavelengthsNm[a] as number) - (wavelengthsNm[b] as number));
  const hole = HOLE_STEPS * medianStep(order.map((band) => wavelengthsNm[band] as number));
  const lines = spectra.map((spectrum, index) => ({
    name: spectrum.name,
    color: SERIES_COLORS[index % SERIES_COLORS.length] as string,
    hasBand: spectrum.std !== undefined,
    points: spectrumPoints(spectrum, wavelengthsNm, order, hole),
  }));
  const drawn = lines.flatMap(({ points }) => points).filter(({ mean }) => Number.isFinite(mean));
  if (drawn.length === 0)
    throw new RangeError(
      `plotSpectra '${title}': expected at least one finite value, got none in ${spectra.length} spectra. Leave empty classes out.`,
    );
  // All bands before all lines, so that none covers another's line.
  const marks = [
    ...lines
      .filter(({ hasBand }) => hasBand)
      .map(({ points, color }) =>
        Plot.areaY(points, { x: "nm", y1: "low", y2: "high", fill: color, fillOpacity: 0.16 }),
      ),
    ...lines.map(({ points, color }) => Plot.line(points, { x: "nm", y: "mean", stroke: color, strokeWidth: 1.6 })),
  ];
  const marginLeft = 64;
  const body = drawPlot({
    width: WIDTH,
    height: HEIGHT,
    marginLeft,
    marginRight: 28,
    marginTop: 34,
    marginBottom: 44,
    x: { label: "wavelength (nm)", labelArrow: "none", labelAnchor: "center", ticks: 10, tickFormat: String },
    y: {
      label: printableText(yLabel),
      labelArrow: "none",
      grid: true,
      nice: 6,
      labelOffset: marginLeft - 16,
      ticks: 6,
    },
    marks,
  });
  const legend = lines.length > 1 ? lines.map(({ name, color }) => ({ name: printableText(name), color })) : [];
  return makeFigure({ title: printableText(title), width: WIDTH, legend, body, bodyHeight: HEIGHT + 8 });
}

function spectrumPoints(
  { name, mean, std }: Spectrum,
  wavelengthsNm: readonly number[],
  order: readonly number[],
  hole: number,
): Point[] {
  for (const values of [mean, std])
    if (values !== undefined && values.length !== wavelengthsNm.length)
      throw new ShapeError(
        `plotSpectra '${name}'`,
        `one value for each of ${wavelengthsNm.length} wavelengths`,
        `${values.length}`,
        "Give mean, std and wavelengths of the same bands.",
      );
  const points: Point[] = [];
  for (const band of order) {
    const nm = wavelengthsNm[band] as number;
    const before = points.at(-1);
    if (before !== undefined && nm - before.nm > hole) points.push(gapAt((nm + before.nm) / 2));
    const [center, deviation] = [mean[band] as number, std?.[band] ?? 0];
    points.push(
      Number.isFinite(center) ? { nm, mean: center, low: center - deviation, high: center + deviation } : gapAt(nm),
    );
  }
  return points;
}

function medianStep(ascending: readonly number[]): number {
  const steps = ascending.slice(1).map((value, at) => value - (ascending[at] as number));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? Infinity;
}
