import { ShapeError } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, makeFigure, SERIES_COLORS } from "./figure.js";
import { formatTick } from "./format-tick.js";

/** One line: y over x. Points that are not finite are left out and interrupt the line. */
export interface Series {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Ends of an interval around each y, drawn as a band behind the line. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
  /** Drawn broken, as a baseline beside a model. */
  readonly dashed?: boolean;
}

export interface CurvesOptions {
  readonly series: readonly Series[];
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Logarithmic y axis; values of 0 and below are then left out like missing ones. */
  readonly logY?: boolean;
  /** Logarithmic x axis; points at 0 and below are then left out. */
  readonly logX?: boolean;
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

function bandPoints(
  x: ArrayLike<number>,
  { low, high }: NonNullable<Series["band"]>,
  logX: boolean,
  logY: boolean,
): { x: number; low: number; high: number }[] {
  return Array.from({ length: x.length }, (_, at) => {
    const [bottom, top] = [low[at] as number, high[at] as number];
    const drawn = Number.isFinite(bottom) && Number.isFinite(top) && (!logY || bottom > 0);
    return { x: x[at] as number, low: drawn ? bottom : Number.NaN, high: drawn ? top : Number.NaN };
  }).filter(({ x: position }) => Number.isFinite(position) && (!logX || position > 0));
}

/**
 * Draws lines over one pair of axes, e.g. losses over steps, errors with their intervals over lead times, or power over
 * wavenumber. A line of a single point is drawn as a dot.
 *
 * @throws {ShapeError} if x and y of a series differ in length.
 * @throws {RangeError} if no series has a point to draw.
 *
 * @returns an SVG document.
 */
export function plotCurves({ series, title, xLabel, yLabel, logY = false, logX = false }: CurvesOptions): string {
  const lines = series.map(({ name, x, y, band, dashed = false }, index) => {
    for (const [axis, values] of Object.entries({ y, "band.low": band?.low, "band.high": band?.high }))
      if (values !== undefined && x.length !== values.length)
        throw new ShapeError(
          `plotCurves '${name}'`,
          `as many x as ${axis}`,
          `${x.length} x and ${values.length} ${axis}`,
          `Give one x for each ${axis}.`,
        );
    const points = Array.from({ length: x.length }, (_, at): [number, number] => {
      const value = y[at] as number;
      return [x[at] as number, Number.isFinite(value) && (!logY || value > 0) ? value : Number.NaN];
    }).filter(([position]) => Number.isFinite(position) && (!logX || position > 0));
    const color = SERIES_COLORS[index % SERIES_COLORS.length] as string;
    return { name, color, dashed, points: thin(points), band: band && bandPoints(x, band, logX, logY) };
  });
  const drawable = lines.flatMap(({ points }) => points).filter(([, y]) => !Number.isNaN(y));
  if (drawable.length === 0)
    throw new RangeError(
      `plotCurves '${title}': expected at least one ${logY ? "positive " : ""}finite point, got none in ${series.length} series. Draw it once something is logged.`,
    );
  const shown = [
    ...drawable.map(([, y]) => y),
    ...lines.flatMap(({ band = [] }) => band.flatMap(({ low, high }) => [low, high])),
  ];
  const widestTick = Math.max(...shown.filter(Number.isFinite).map((y) => formatTick(Number(y.toPrecision(2))).length));
  // All bands before all lines, so that none covers another's line.
  const bands = lines.flatMap(({ band, color }) =>
    band === undefined ? [] : [Plot.areaY(band, { x: "x", y1: "low", y2: "high", fill: color, fillOpacity: 0.16 })],
  );
  const curves = lines.flatMap(({ points, color, dashed }) => {
    const finite = points.filter(([, y]) => !Number.isNaN(y));
    if (finite.length === 1) return [Plot.dot(finite, { fill: color, r: 3.5 })];
    const strokeWidth = points.length > 400 ? 1.2 : 1.8;
    return [Plot.line(points, { stroke: color, strokeWidth, ...(dashed && { strokeDasharray: "5 4" }) })];
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
    x: {
      type: logX ? "log" : "linear",
      label: printableText(xLabel),
      labelArrow: "none",
      labelAnchor: "center",
      ticks,
      tickFormat: formatTick,
    },
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
    marks: [...bands, ...curves],
  });
  const legend = lines.length > 1 ? lines.map(({ name, color, dashed }) => ({ name, color, dashed })) : [];
  return makeFigure({ title, width: WIDTH, legend, body, bodyHeight: HEIGHT + 8 });
}
