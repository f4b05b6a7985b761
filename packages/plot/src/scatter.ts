import { ShapeError } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, INK, makeFigure, SERIES_COLORS } from "./figure.js";
import { formatTick } from "./format-tick.js";

export interface ScatterOptions {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

const SIDE = 430;

/**
 * Draws points of two quantities in one unit, such as predictions over targets, with the line where they agree; both axes
 * show the same range. Pairs that are not finite are left out.
 *
 * @throws {ShapeError} if x and y differ in length. @throws {RangeError} if there is no point to draw.
 *
 * @returns an SVG document.
 */
export function plotScatter({ x, y, title, xLabel, yLabel }: ScatterOptions): string {
  if (x.length !== y.length)
    throw new ShapeError(`plotScatter '${title}'`, "as many x as y", `${x.length} x and ${y.length} y`);
  const points = Array.from({ length: x.length }, (_, at): [number, number] => [x[at] as number, y[at] as number]);
  const finite = points.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  if (finite.length === 0) throw new RangeError(`plotScatter '${title}': expected a finite point, got none.`);
  const values = finite.flat();
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const margin = (high - low || 1) * 0.04;
  const domain = [low - margin, high + margin] as [number, number];
  const widestTick = Math.max(...domain.map((value) => formatTick(Number(value.toPrecision(2))).length));
  const marginLeft = Math.max(56, 24 + widestTick * 8);
  const axis = { domain, labelArrow: "none", ticks: 6, tickFormat: formatTick, grid: true } as const;
  const body = drawPlot({
    ...{ width: SIDE + marginLeft - 56, height: SIDE, marginLeft, marginRight: 22, marginTop: 34, marginBottom: 44 },
    x: { ...axis, label: printableText(xLabel), labelAnchor: "center" },
    y: { ...axis, label: printableText(yLabel), labelOffset: marginLeft - 16 },
    marks: [
      Plot.line(
        [
          [domain[0], domain[0]],
          [domain[1], domain[1]],
        ],
        { stroke: INK, strokeDasharray: "5 4" },
      ),
      // Many points lie over one another: where they are dense they show darker.
      Plot.dot(finite, {
        fill: SERIES_COLORS[0],
        fillOpacity: finite.length > 300 ? 0.3 : 0.7,
        r: finite.length > 300 ? 2 : 3.5,
      }),
    ],
  });
  return makeFigure({ title: printableText(title), width: SIDE + marginLeft - 56, body, bodyHeight: SIDE + 8 });
}
