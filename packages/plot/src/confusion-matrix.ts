import { ShapeError } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, makeFigure, shortenText, textWidth } from "./figure.js";

export interface ConfusionMatrixOptions {
  /** `[K][K]` counts, row = true class, column = predicted class. */
  readonly matrix: readonly (readonly number[])[];
  readonly classNames: readonly string[];
  readonly title?: string;
}

const COLOR = { type: "linear", scheme: "Blues", domain: [0, 1] } as const;
/** Letters of a class name shown beside the matrix. */
const NAME_LETTERS = 24;
const SMALLEST_NUMBER = 7.5;

/** Colour bar from 0 to 100 % of the true class. */
function drawColorBar(x: number, y: number): string {
  const color = Plot.scale({ color: COLOR });
  const steps = Array.from({ length: 40 }, (_, index) => {
    const fill = String(color.apply((index + 0.5) / 40));
    return `<rect x="${x + index * 4}" y="${y}" width="4.5" height="10" fill="${fill}"/>`;
  });
  return `<g font-size="11">${steps.join("")}<text x="${x}" y="${y + 24}">0</text><text x="${x + 160}" y="${y + 24}" text-anchor="end">100 %</text><text x="${x + 174}" y="${y + 10}">share of the true class</text></g>`;
}

/**
 * Draws a confusion matrix: colour is the share of the true class (row), numbers are counts where they fit.
 * Readable from 2 to some 60 classes.
 *
 * @throws {ShapeError} if the matrix is not square or the names don't match it.
 *
 * @returns an SVG document.
 */
export function plotConfusionMatrix({
  matrix,
  classNames,
  title = "Confusion matrix",
}: ConfusionMatrixOptions): string {
  const numClasses = classNames.length;
  if (numClasses === 0 || matrix.length !== numClasses || matrix.some((row) => row.length !== numClasses))
    throw new ShapeError(
      "plotConfusionMatrix",
      `a [${numClasses}, ${numClasses}] matrix for ${numClasses} class names`,
      `[${matrix.length}, ${matrix[0]?.length ?? 0}]`,
      "Give one name for each class.",
    );
  const cellSize = Math.max(14, Math.min(72, 640 / numClasses));
  const side = cellSize * numClasses;
  const nameSize = Math.min(12, Math.max(9, cellSize * 0.62));
  const names = classNames.map((name) => shortenText(printableText(name), NAME_LETTERS));
  const longest = Math.max(...names.map((name) => textWidth(name, nameSize)));
  const rotated = longest > cellSize - 6;

  const cells = matrix.flatMap((row, trueClass) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => ({ trueClass, predicted, count, share: total > 0 ? count / total : 0 }));
  });
  const digits = Math.max(...cells.map(({ count }) => String(count).length));
  const numberSize = Math.min(14, cellSize * 0.5, (cellSize - 3) / (digits * 0.64));
  const numbered = numberSize >= SMALLEST_NUMBER ? cells.filter(({ count }) => count > 0) : [];

  const marginLeft = Math.ceil(longest) + 44;
  const marginTop = Math.ceil(rotated ? longest : nameSize) + 40;
  const marginRight = 20;
  const nameOf = (index: number): string => names[index] as string;
  const classes = Array.from({ length: numClasses }, (_, index) => index);
  const width = Math.max(420, Math.ceil(marginLeft + side + marginRight));
  const height = Math.ceil(marginTop + side + 12);
  const axis = { tickFormat: nameOf, tickSize: 0, tickPadding: 6, fontSize: nameSize, label: null };
  const plot = drawPlot({
    width: marginLeft + side + marginRight,
    height,
    marginLeft,
    marginTop,
    marginRight,
    marginBottom: 12,
    x: { type: "band", domain: classes, padding: 0.04, round: false },
    y: { type: "band", domain: classes, padding: 0.04, round: false },
    color: COLOR,
    marks: [
      Plot.axisX(classes, { ...axis, anchor: "top", ...(rotated ? { tickRotate: -90 } : {}) }),
      Plot.axisY(classes, axis),
      Plot.cell(cells, { x: "predicted", y: "trueClass", fill: "share" }),
      Plot.text(numbered, {
        x: "predicted",
        y: "trueClass",
        text: (cell: (typeof cells)[number]) => String(cell.count),
        fill: (cell: (typeof cells)[number]) => (cell.share > 0.55 ? "#ffffff" : "#1f2328"),
        fontSize: numberSize,
      }),
    ],
  });
  const middleX = marginLeft + side / 2;
  const middleY = marginTop + side / 2;
  const headings = `<g font-size="12" font-weight="600" text-anchor="middle"><text x="${middleX}" y="16">predicted class</text><text transform="translate(18,${middleY}) rotate(-90)">true class</text></g>`;
  const body = `${plot}${headings}${drawColorBar(Math.min(marginLeft, width - 330), height + 6)}`;
  return makeFigure({ title: printableText(title), width, body, bodyHeight: height + 40 });
}
