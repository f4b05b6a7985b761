import { ShapeError } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { escapeText, printableText } from "./escape-text.js";
import { drawPlot, makeFigure, shortenText, textWidth } from "./figure.js";
import { type ColorScale, colorOf } from "./maps/color-scale.js";

/** How a score compares with the baseline's. */
export interface ScorecardCell {
  /** Share of the baseline's error that is gone: 0.1 is 10 % better, negative worse. */
  readonly improvement: number;
  /** Whether the interval of the difference leaves 0 out. */
  readonly significant: boolean;
}

export interface ScorecardOptions {
  readonly title: string;
  /** Variables, levels or regions, from the top. */
  readonly rows: readonly string[];
  /** Lead times, from the left. */
  readonly columns: readonly string[];
  /** `[row][column]`; null where nothing was scored. */
  readonly cells: readonly (readonly (ScorecardCell | null)[])[];
  /** What is compared with what: `RMSE against persistence`. */
  readonly label: string;
}

const CELL = { width: 66, height: 28 };
const NAME_LETTERS = 28;
/** Improvement shown in full colour. */
const FULL = 0.5;
const SCALE: ColorScale = { kind: "diverging", domain: [-FULL, FULL] };

/** Blue is better: the scale's cold end. */
const fillOf = (improvement: number): readonly number[] => colorOf(SCALE, -improvement);
const isDark = ([red = 0, green = 0, blue = 0]: readonly number[]): boolean =>
  0.299 * red + 0.587 * green + 0.114 * blue < 130;

/** Percent, as SVG text. */
function formatImprovement(improvement: number): string {
  const percent = 100 * improvement;
  if (percent < -999) return "&lt; −999";
  return `${percent > 0 ? "+" : percent < 0 ? "−" : ""}${Math.abs(percent).toFixed(Math.abs(percent) < 9.95 ? 1 : 0)}`;
}

/**
 * Draws a scorecard: improvement over a baseline in percent by row and lead time, blue where better and red where worse;
 * ▲ and ▼ mark what is significant, other numbers are set in a lighter weight.
 *
 * Source: the scorecards of Rasp et al. 2024 (WeatherBench 2), arXiv:2308.15560.
 *
 * @throws {ShapeError} if there is not one cell for each row and column.
 *
 * @returns an SVG document.
 */
export function plotScorecard({ title, rows, columns, cells, label }: ScorecardOptions): string {
  if (rows.length === 0 || cells.length !== rows.length || cells.some((row) => row.length !== columns.length))
    throw new ShapeError(
      `plotScorecard '${title}'`,
      `cells [${rows.length}, ${columns.length}]`,
      `[${cells.length}, ${cells[0]?.length ?? 0}]`,
      "Give one cell, or null, for each row and column.",
    );
  const names = rows.map((name) => shortenText(printableText(name), NAME_LETTERS));
  const left = Math.ceil(Math.max(...names.map((name) => textWidth(name, 12)))) + 24;
  const width = Math.max(600, left + columns.length * CELL.width + 16);
  const headings = columns.map(
    (name, column) =>
      `<text x="${left + (column + 0.5) * CELL.width}" y="14" text-anchor="middle" font-weight="600">${escapeText(shortenText(name, 10))}</text>`,
  );
  const drawn = cells.flatMap((row, at) => {
    const top = 22 + at * CELL.height;
    const name = `<text x="${left - 10}" y="${top + CELL.height / 2 + 4}" text-anchor="end">${escapeText(names[at] as string)}</text>`;
    return [name, ...row.map((cell, column) => drawCell(cell, left + column * CELL.width, top))];
  });
  const bottom = 22 + rows.length * CELL.height + 12;
  const body = `${headings.join("")}${drawn.join("")}<g transform="translate(0,${bottom})">${drawLegend(label, width)}</g>`;
  return makeFigure({ title: printableText(title), width, body, bodyHeight: bottom + 44 });
}

function drawCell(cell: ScorecardCell | null, x: number, y: number): string {
  const frame = `x="${x + 1}" y="${y + 1}" width="${CELL.width - 2}" height="${CELL.height - 2}" rx="3"`;
  const middle = `x="${x + CELL.width / 2}" y="${y + CELL.height / 2 + 4}" text-anchor="middle"`;
  if (cell === null || Number.isNaN(cell.improvement))
    return `<rect ${frame} fill="#f0f1f3"/><text ${middle} fill="#8a9099">–</text>`;
  const { improvement, significant } = cell;
  const fill = fillOf(improvement);
  const mark = significant ? (improvement > 0 ? " ▲" : " ▼") : "";
  const style = significant ? 'font-weight="600"' : 'fill-opacity="0.85"';
  return `<rect ${frame} fill="rgb(${fill.join(",")})"/><text ${middle} font-size="11" fill="${isDark(fill) ? "#ffffff" : "#1f2328"}" ${style}>${formatImprovement(improvement)}${mark}</text>`;
}

/** Colours from worse to better, with what the marks mean. */
function drawLegend(label: string, width: number): string {
  const steps = 41;
  const barWidth = 200;
  const bar = Array.from({ length: steps }, (_, step) => {
    const fill = fillOf(-FULL + (2 * FULL * step) / (steps - 1));
    return `<rect x="${24 + (step * barWidth) / steps}" y="0" width="${barWidth / steps + 0.5}" height="10" fill="rgb(${fill.join(",")})"/>`;
  });
  const axis = drawPlot({
    width: barWidth + 40,
    height: 30,
    marginLeft: 20,
    marginRight: 20,
    marginTop: 10,
    marginBottom: 20,
    x: { domain: [-100 * FULL, 100 * FULL], label: null },
    marks: [
      Plot.axisX({
        ticks: [-50, -25, 0, 25, 50],
        tickFormat: (tick: number) => `${tick} %`,
        tickSize: 3,
        fontSize: 10,
      }),
    ],
  });
  const text = escapeText(shortenText(`${label}, improvement in %`, Math.floor((width - 280) / 6)));
  return [
    `${bar.join("")}<g transform="translate(4,0)">${axis}</g>`,
    `<g font-size="11"><text x="264" y="9">${text}</text>`,
    `<text x="264" y="26">blue is better; ▲ ▼ significant</text></g>`,
  ].join("");
}
