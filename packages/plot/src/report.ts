import { ShapeError } from "@graticule/core";
import { escapeText } from "./escape-text.js";
import { reportStyle } from "./report-style.js";

export interface ReportTable {
  readonly columns: readonly string[];
  /** Numbers, and texts such as `0.840` or `87.3 %`, are set right-aligned; the first cell names its row. */
  readonly rows: readonly (readonly (string | number)[])[];
  readonly caption?: string;
}

/** A picture, as SVG text or PNG bytes, with the words that stand in for it where it can't be seen. */
export type ReportFigure = { readonly alt: string; readonly caption?: string } & (
  | { readonly svg: string }
  | { readonly png: Uint8Array }
);

/** Shown in this order: text, table, figures, code. */
export interface ReportSection {
  readonly heading: string;
  /** Plain text; an empty line starts a new paragraph. */
  readonly text?: string;
  readonly table?: ReportTable;
  readonly figures?: readonly ReportFigure[];
  /** Set in a fixed-width block: a command or a configuration. */
  readonly code?: string;
}

export interface ReportOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** The few numbers that matter most, shown large. */
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
  readonly sections: readonly ReportSection[];
}

/** Whether a cell reads as a number or is empty, so that a column of them lines up on the right. */
function isNumeric(cell: string | number | undefined): boolean {
  return typeof cell === "number" || cell === "" || /^[-+−]?\d[\d.,\s]*(e[-+]?\d+)?\s?%?$/i.test(cell ?? "");
}

function renderTable(where: string, { columns, rows, caption }: ReportTable): string {
  const badAt = rows.findIndex((row) => row.length !== columns.length);
  if (badAt >= 0)
    throw new ShapeError(
      `${where} row ${badAt}`,
      `${columns.length} cells`,
      `${rows[badAt]?.length}`,
      "Give one cell for each column.",
    );
  const numeric = columns.map(
    (_, column) => rows.some((row) => row[column] !== "") && rows.every((row) => isNumeric(row[column])),
  );
  const kind = (column: number): string => (numeric[column] ? ' class="number"' : "");
  const head = columns.map((name, column) => `<th scope="col"${kind(column)}>${escapeText(name)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0
        ? `<th scope="row"${kind(0)}>${escapeText(String(cell))}</th>`
        : `<td${kind(column)}>${escapeText(String(cell))}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const title = caption === undefined ? "" : `<caption>${escapeText(caption)}</caption>`;
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeText(caption ?? where)}"><table>${title}<thead><tr>${head}</tr></thead><tbody>\n${body.join("\n")}\n</tbody></table></div>`;
}

/** As an image from a data URL: it can't run scripts, load anything, or share ids with another figure. */
function renderFigure(figure: ReportFigure): string {
  const [type, bytes] =
    "svg" in figure ? ["svg+xml", Buffer.from(figure.svg, "utf8")] : ["png", Buffer.from(figure.png)];
  const caption = figure.caption === undefined ? "" : `<figcaption>${escapeText(figure.caption)}</figcaption>`;
  return `<figure><img src="data:image/${type};base64,${bytes.toString("base64")}" alt="${escapeText(figure.alt)}">${caption}</figure>`;
}

function renderSection({ heading, text, table, figures = [], code }: ReportSection, id: string): string {
  const paragraphs = (text ?? "").split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
  return [
    `<section aria-labelledby="${id}"><h2 id="${id}">${escapeText(heading)}</h2>`,
    ...paragraphs.map((paragraph) => `<p>${escapeText(paragraph.trim())}</p>`),
    ...(table ? [renderTable(heading, table)] : []),
    ...figures.map(renderFigure),
    ...(code === undefined ? [] : [`<pre tabindex="0"><code>${escapeText(code)}</code></pre>`]),
    "</section>",
  ].join("\n");
}

/**
 * Writes a report as one self-contained HTML page: nothing is loaded from elsewhere (its content policy forbids it),
 * all text is escaped, and the same input gives the same bytes.
 *
 * @throws {ShapeError} if a table row has not one cell for each column.
 */
export function makeReport({ title, subtitle, facts = [], sections }: ReportOptions): string {
  const idOf = (index: number): string => `section-${index + 1}`;
  const links = sections.map(({ heading }, index) => `<li><a href="#${idOf(index)}">${escapeText(heading)}</a></li>`);
  const boxes = facts.map(
    ({ label, value }) => `<div><dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd></div>`,
  );
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${reportStyle}</style>`,
    "</head>",
    "<body>",
    "<main>",
    `<header><h1>${escapeText(title)}</h1>${subtitle === undefined ? "" : `<p class="subtitle">${escapeText(subtitle)}</p>`}`,
    boxes.length > 0 ? `<dl>${boxes.join("")}</dl>` : "",
    "</header>",
    links.length > 2 ? `<nav aria-label="Contents"><ul>${links.join("")}</ul></nav>` : "",
    ...sections.map((section, index) => renderSection(section, idOf(index))),
    "<footer>Made by Graticule.</footer>",
    "</main>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
