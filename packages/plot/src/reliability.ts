import * as Plot from "@observablehq/plot";
import { drawPlot, INK, makeFigure, SERIES_COLORS } from "./figure.js";

/** Predictions of about the same confidence. */
export interface ReliabilityBin {
  /** Ends of the confidences that belong here, 0 to 1. */
  readonly low: number;
  readonly high: number;
  readonly numItems: number;
  /** Mean confidence, and share of right predictions. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface ReliabilityOptions {
  readonly bins: readonly ReliabilityBin[];
  readonly title?: string;
}

const SIDE = 380;
const COUNTS_HEIGHT = 130;
const MARGINS = { marginLeft: 60, marginRight: 20 } as const;

/**
 * Draws how often a classifier is right where it is so sure: bars of the share of right predictions beside the diagonal of
 * a calibrated one, and below them how many predictions each bar stands for.
 *
 * @throws {RangeError} if no bin has items.
 *
 * @returns an SVG document.
 */
export function plotReliability({ bins, title = "Reliability" }: ReliabilityOptions): string {
  const filled = bins.filter(({ numItems }) => numItems > 0);
  if (filled.length === 0) throw new RangeError(`plotReliability '${title}': expected predictions, got none.`);
  const x = { domain: [0, 1], label: null, ticks: 5, inset: 0 };
  const shares = drawPlot({
    ...{ width: SIDE, height: SIDE - 60, ...MARGINS, marginTop: 30, marginBottom: 26 },
    x,
    y: { domain: [0, 1], label: "share of right predictions", labelArrow: "none", grid: true, ticks: 5 },
    marks: [
      Plot.rectY(filled, {
        x1: "low",
        x2: "high",
        y: "accuracy",
        fill: SERIES_COLORS[4],
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: INK, strokeDasharray: "5 4" },
      ),
      Plot.dot(filled, { x: "confidence", y: "accuracy", fill: SERIES_COLORS[0], r: 3.5 }),
    ],
  });
  const counts = drawPlot({
    ...{ width: SIDE, height: COUNTS_HEIGHT, ...MARGINS, marginTop: 22, marginBottom: 40 },
    x: { ...x, label: "confidence", labelArrow: "none", labelAnchor: "center" },
    y: { label: "predictions", labelArrow: "none", ticks: 3, grid: true },
    marks: [
      Plot.rectY(filled, { x1: "low", x2: "high", y: "numItems", fill: "#8c959f", insetLeft: 0.5, insetRight: 0.5 }),
    ],
  });
  const legend = [
    { name: "mean of a bin", color: SERIES_COLORS[0] },
    { name: "calibrated", color: INK, dashed: true },
  ];
  const body = `${shares}<g transform="translate(0,${SIDE - 60})">${counts}</g>`;
  return makeFigure({ title, width: SIDE, legend, body, bodyHeight: SIDE - 60 + COUNTS_HEIGHT + 6 });
}
