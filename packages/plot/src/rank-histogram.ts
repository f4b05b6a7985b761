import { expectation } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { printableText } from "./escape-text.js";
import { drawPlot, INK, makeFigure, SERIES_COLORS } from "./figure.js";

export interface RankHistogramOptions {
  /** Share of cases in which the truth took each rank, from below all members to above all: M + 1 numbers. */
  readonly shares: readonly number[];
  readonly title: string;
}

const [WIDTH, HEIGHT] = [560, 300];

/**
 * Draws the rank histogram of an ensemble with the level of a reliable one: a U shape tells of too little spread, a dome
 * of too much, a slope of bias.
 *
 * @throws {RangeError} if there are fewer than two ranks or a share is not a number from 0 to 1.
 *
 * @returns an SVG document.
 */
export function plotRankHistogram({ shares, title }: RankHistogramOptions): string {
  if (shares.length < 2 || !shares.every((share) => share >= 0 && share <= 1))
    throw new RangeError(
      expectation(`plotRankHistogram '${title}'`, "two or more shares from 0 to 1", `[${shares.join(", ")}]`),
    );
  const ranks = shares.map((share, rank) => ({ rank: rank + 1, share }));
  const reliable = 1 / shares.length;
  const every = Math.ceil(shares.length / 17);
  const body = drawPlot({
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 56,
    marginRight: 24,
    marginTop: 30,
    marginBottom: 44,
    x: {
      type: "band",
      domain: ranks.map(({ rank }) => rank),
      padding: 0.12,
      label: `rank of the truth among ${shares.length - 1} members`,
      labelArrow: "none",
      labelAnchor: "center",
      ticks: ranks.filter((_, at) => at % every === 0).map(({ rank }) => rank),
      tickSize: 0,
    },
    y: {
      domain: [0, Math.max(2 * reliable, ...shares) * 1.05],
      label: "share of cases",
      labelArrow: "none",
      labelOffset: 44,
      grid: true,
      ticks: 5,
      tickFormat: (share: number) => `${+(100 * share).toFixed(1)} %`,
    },
    marks: [
      Plot.barY(ranks, { x: "rank", y: "share", fill: SERIES_COLORS[0], fillOpacity: 0.8 }),
      Plot.ruleY([reliable], { stroke: INK, strokeWidth: 1.4, strokeDasharray: "5 4" }),
      Plot.ruleY([0], { stroke: INK }),
    ],
  });
  const legend = [
    { name: "truth", color: SERIES_COLORS[0] },
    { name: "reliable ensemble", color: INK, dashed: true },
  ];
  return makeFigure({ title: printableText(title), width: WIDTH, legend, body, bodyHeight: HEIGHT + 8 });
}
