import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, makeFigure, SERIES_COLORS, shortenText, textWidth } from "./figure.js";

/** A measured value with the ends of its interval. */
export interface IntervalBar {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface IntervalsOptions {
  readonly bars: readonly IntervalBar[];
  readonly title: string;
  /** What is measured, with its unit. */
  readonly label: string;
}

const WIDTH = 720;
const ROW = 34;
const NAME_SIZE = 12;

/**
 * Draws horizontal bars with interval whiskers, e.g. the top-1 of several encoders. The axis runs from 0, and to 1
 * where all values are shares.
 *
 * @throws {RangeError} if there is no bar, or a value or end is not finite.
 *
 * @returns an SVG document.
 */
export function plotIntervals({ bars, title, label }: IntervalsOptions): string {
  const bad = bars.find(({ value, low, high }) => ![value, low, high].every(Number.isFinite));
  if (bars.length === 0 || bad)
    throw new RangeError(
      `plotIntervals '${title}': expected finite values and ends, got ${bad ? `${bad.value} [${bad.low}, ${bad.high}] for '${bad.name}'` : "no bar"}. Leave out what was not measured.`,
    );
  const rows = bars.map((bar, index) => {
    const digits = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
    return { ...bar, index, text: `${digits(bar.value)} [${digits(bar.low)}, ${digits(bar.high)}]` };
  });
  const highest = Math.max(...bars.flatMap(({ value, high }) => [value, high]));
  const lowest = Math.min(0, ...bars.flatMap(({ value, low }) => [value, low]));
  const names = bars.map(({ name }) => shortenText(printableText(name), 36));
  const height = rows.length * ROW + 64;
  const body = drawPlot({
    width: WIDTH,
    height,
    marginLeft: Math.ceil(Math.max(...names.map((name) => textWidth(name, NAME_SIZE)))) + 24,
    marginRight: Math.ceil(Math.max(...rows.map(({ text }) => textWidth(text, 11)))) + 20,
    marginTop: 12,
    marginBottom: 52,
    x: {
      label: printableText(label),
      labelArrow: "none",
      labelAnchor: "center",
      domain: [lowest, highest > 0 && highest <= 1 ? 1 : Math.max(highest, 0)],
      grid: true,
      ticks: 6,
    },
    y: { type: "band", domain: rows.map(({ index }) => index), padding: 0.35 },
    marks: [
      Plot.axisY({
        label: null,
        tickSize: 0,
        fontSize: NAME_SIZE,
        tickFormat: (index: number) => names[index] as string,
      }),
      Plot.barX(rows, {
        x1: 0,
        x2: "value",
        y: "index",
        fill: (row: (typeof rows)[number]) => SERIES_COLORS[row.index % SERIES_COLORS.length],
        fillOpacity: 0.75,
      }),
      Plot.ruleY(rows, { x1: "low", x2: "high", y: "index", stroke: "#1f2328", strokeWidth: 1.6 }),
      Plot.tickX(rows, { x: "low", y: "index", insetTop: 6, insetBottom: 6, stroke: "#1f2328", strokeWidth: 1.6 }),
      Plot.tickX(rows, { x: "high", y: "index", insetTop: 6, insetBottom: 6, stroke: "#1f2328", strokeWidth: 1.6 }),
      Plot.text(rows, { y: "index", frameAnchor: "right", text: "text", textAnchor: "start", dx: 8, fontSize: 11 }),
      Plot.ruleX([0], { stroke: "#1f2328" }),
    ],
  });
  return makeFigure({ title: printableText(title), width: WIDTH, body, bodyHeight: height + 4 });
}
