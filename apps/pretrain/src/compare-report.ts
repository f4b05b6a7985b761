import type { ReportPart } from "@graticule/classify";
import { plotCurves } from "@graticule/plot";
import type { Comparison } from "./compare.js";

/** A comparison as rows of text for a terminal or a report. */
export function comparisonRows({ seeds, variants }: Comparison): { columns: string[]; rows: string[][] } {
  return {
    columns: ["variant", ...seeds.map((seed) => `seed ${seed}`), "mean", "spread"],
    rows: variants.map(({ name, losses, mean, spread }) => [
      name,
      ...[...losses, mean, spread].map((value) => value.toFixed(4)),
    ]),
  };
}

/** Whether the variants differ by more than their runs do. */
export function comparisonVerdict({ difference, spread, seeds }: Comparison): string {
  const relation = difference <= spread ? "within" : "beyond";
  return `The variants' mean held-out losses differ by ${difference.toFixed(4)}, ${relation} the run-to-run spread of ${spread.toFixed(4)} (${seeds.length} seeds).`;
}

/** The report of a comparison: final losses, and the curves with the range of their seeds. */
export function comparisonReport(comparison: Comparison): ReportPart {
  const { columns, rows } = comparisonRows(comparison);
  const series = comparison.variants.map(({ name, steps, curves }) => {
    const at = (pick: (values: number[]) => number) =>
      steps.map((_, place) => pick(curves.map((curve) => curve[place] ?? Number.NaN)));
    return {
      name,
      x: steps,
      y: at((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
      band: { low: at((values) => Math.min(...values)), high: at((values) => Math.max(...values)) },
    };
  });
  return {
    sections: [
      {
        heading: "Comparison",
        text: comparisonVerdict(comparison),
        table: { columns, rows, caption: "Held-out loss at the end" },
        figures: [
          {
            svg: plotCurves({
              series,
              title: "Held-out loss: mean and range over seeds",
              xLabel: "step",
              yLabel: "loss",
            }),
            alt: "Held-out loss over steps by variant",
          },
        ],
      },
    ],
  };
}
