import { ShapeError } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, makeFigure, SERIES_COLORS } from "./figure.js";

/** One line: y over x. Points that are not finite are left out and interrupt the line. */
export interface Series {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

export interface CurvesOptions {
  readonly series: readonly Series[];
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Logarithmic y axis; values of 0 and below are then left out like missing ones. */
  readonly logY?: boolean;
}

const WIDTH = 720;
const HEIGHT = 340;
/** Points beyond which a line is thinned: more than two a pixel can't be seen. */
const MOST_POINTS = 1600;

/** Keeps of each run of neighbouring points the lowest and the highest, in order, so that spikes stay. */
function thin(points: readonly [number, number][]): [number, number][] {
  if (points.length <= MOST_POINTS) return [...points];
  const run = Math.ceil((2 * points.length) / MOST_POINTS);
  const kept: [number, number][] = [];
  for (let start = 0; start < points.length; start += run) {
    const part = points.slice(start, start + run);
    const broken = part.find(([, y]) => Number.isNaN(y));
    const sorted = part.filter(([, y]) => !Number.isNaN(y)).sort((a, b) => a[1] - b[1]);
    const ends = [sorted[0], sorted.at(-1), broken].filter((point) => point !== undefined);
    kept.push(...[...new Set(ends)].sort((a, b) => a[0] - b[0]));
  }
  return kept;
}

/** Number as an axis shows it: `12k`, `0.05`, `1e-7`. */
function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 && value % 1e5 === 0) return `${value / 1e6}M`;
  if (size >= 1e3 && value % 100 === 0) return `${value / 1e3}k`;
  if (size > 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  return String(Number(value.toPrecision(6)));
}

/**
 * Draws lines over one pair of axes, e.g. losses over steps. A line of a single point is drawn as a dot.
 *
 * @throws {ShapeError} if x and y of a series differ in length.
 * @throws {RangeError} if no series has a point to draw.
 *
 * @returns an SVG document.
 */
export function plotCurves({ series, title, xLabel, yLabel, logY = false }: CurvesOptions): string {
  const lines = series.map(({ name, x, y }, index) => {
    if (x.length !== y.length)
      throw new ShapeError(
        `plotCurves '${name}'`,
        "as many x as y",
        `${x.length} x and ${y.length} y`,
        "Give one x for each y.",
      );
    const points = Array.from({ length: x.length }, (_, at): [number, number] => {
      const value = y[at] as number;
      return [x[at] as number, Number.isFinite(value) && (!logY || value > 0) ? value : Number.NaN];
    }).filter(([position]) => Number.isFinite(position));
    return { name, color: SERIES_COLORS[index % SERIES_COLORS.length] as string, points: thin(points) };
  });
  const drawable = lines.flatMap(({ points }) => points).filter(([, y]) => !Number.isNaN(y));
  if (drawable.length === 0)
    throw new RangeError(
      `plotCurves '${title}': expected at least one ${logY ? "positive " : ""}finite point, got none in ${series.length} series. Draw it once something is logged.`,
    );
  const widestTick = Math.max(...drawable.map(([, y]) => formatTick(Number(y.toPrecision(2))).length));
  const marks = lines.flatMap(({ points, color }) => {
    const finite = points.filter(([, y]) => !Number.isNaN(y));
    if (finite.length === 1) return [Plot.dot(finite, { fill: color, r: 3.5 })];
    return [Plot.line(points, { stroke: color, strokeWidth: points.length > 400 ? 1.2 : 1.8 })];
  });
  const marginLeft = Math.max(52, 20 + widestTick * 8);
  const positions = drawable.map(([x]) => x);
  const span = positions.reduce((a, b) => Math.max(a, b)) - positions.reduce((a, b) => Math.min(a, b));
  // Steps and epochs are whole numbers: no ticks between them.
  const ticks = positions.every(Number.isInteger) ? Math.max(1, Math.min(8, span)) : 8;
  const body = drawPlot({
    width: WIDTH,
    height: HEIGHT,
    marginLeft,
    marginRight: 28,
    marginTop: 34,
    marginBottom: 44,
    x: { label: printableText(xLabel), labelArrow: "none", labelAnchor: "center", ticks, tickFormat: formatTick },
    y: {
      type: logY ? "log" : "linear",
      label: printableText(yLabel),
      labelArrow: "none",
      grid: true,
      nice: 6,
      labelOffset: marginLeft - 16,
      ticks: 6,
      tickFormat: formatTick,
    },
    marks,
  });
  const legend = lines.length > 1 ? lines.map(({ name, color }) => ({ name, color })) : [];
  return makeFigure({ title, width: WIDTH, legend, body, bodyHeight: HEIGHT + 8 });
}
