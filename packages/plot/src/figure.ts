import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeText } from "./escape-text.js";

/** Ink of text and axes, on a white sheet: figures look the same in light and dark pages. */
export const INK = "#1f2328";

/** Line and bar colours, told apart by colour-blind readers too. Source: Okabe & Ito 2008, yellow left out. */
export const SERIES_COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"] as const;

const FONTS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const TITLE_SIZE = 15;
const LEGEND_SIZE = 12;
const SIDE = 16;

/** Width of a line of text in pixels, on the wide side: DejaVu Sans averages 0.6 em a letter. */
export function textWidth(text: string, fontSize: number): number {
  return [...text].length * fontSize * 0.62;
}

/** Shortens a text to a number of letters, with an ellipsis for the rest. */
export function shortenText(text: string, letters: number): string {
  const all = [...text];
  return all.length <= letters ? text : `${all.slice(0, letters - 1).join("")}…`;
}

export interface LegendItem {
  readonly name: string;
  readonly color: string;
  readonly dashed?: boolean;
}

interface FigureParts {
  readonly title: string;
  readonly width: number;
  readonly legend?: readonly LegendItem[];
  /** SVG elements below title and legend, and their height. */
  readonly body: string;
  readonly bodyHeight: number;
}

/** Names with their colours from left to right, in as many lines as they need. */
function drawLegend(legend: readonly LegendItem[], width: number): { svg: string; height: number } {
  const lineHeight = 20;
  let x = SIDE;
  let line = 0;
  const items = legend.map(({ name, color, dashed = false }) => {
    const shown = shortenText(name, 60);
    const itemWidth = 24 + textWidth(shown, LEGEND_SIZE) + 18;
    if (x > SIDE && x + itemWidth > width) {
      x = SIDE;
      line += 1;
    }
    const y = line * lineHeight + 10;
    const svg = `<line x1="${x}" y1="${y}" x2="${x + 18}" y2="${y}" stroke="${color}" stroke-width="3"${dashed ? ' stroke-dasharray="5 3"' : ""}/><text x="${x + 24}" y="${y + 4}">${escapeText(shown)}</text>`;
    x += itemWidth;
    return svg;
  });
  const height = legend.length === 0 ? 0 : (line + 1) * lineHeight + 8;
  return { svg: `<g font-size="${LEGEND_SIZE}">${items.join("")}</g>`, height };
}

/** Puts title, legend and body on a white sheet: one SVG document without styles, scripts or links. */
export function makeFigure({ title, width, legend = [], body, bodyHeight }: FigureParts): string {
  const top = title === "" ? 8 : 36;
  const { svg: legendSvg, height: legendHeight } = drawLegend(legend, width);
  const height = Math.ceil(top + legendHeight + bodyHeight);
  const shown = escapeText(shortenText(title, Math.floor((width - 2 * SIDE) / (TITLE_SIZE * 0.62))));
  const heading =
    title === "" ? "" : `<text x="${SIDE}" y="24" font-size="${TITLE_SIZE}" font-weight="600">${shown}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONTS}" font-size="12" fill="${INK}" color="${INK}" role="img" aria-label="${escapeText(title)}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    heading,
    `<g transform="translate(0,${top})">${legendSvg}</g>`,
    `<g transform="translate(0,${top + legendHeight})">${body}</g>`,
    "</svg>\n",
  ].join("");
}

/** Draws with Observable Plot in a document of its own and gives the elements, without Plot's style sheet. */
export function drawPlot(options: Plot.PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>");
  const drawn = Plot.plot({ ...options, document: document as unknown as Document, className: "plot" });
  drawn.querySelector("style")?.remove();
  const elements = drawn.innerHTML.replaceAll("&nbsp;", "&#160;"); // an HTML entity, unknown to SVG
  return `<g text-anchor="middle" font-size="12">${elements}</g>`;
}
