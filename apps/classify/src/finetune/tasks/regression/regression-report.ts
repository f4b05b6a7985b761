import type { RegressionMetrics } from "@graticule/eval";
import { plotScatter } from "@graticule/plot";
import type { TaskReport, TaskScores } from "../task.js";

interface Examples {
  readonly examples: readonly (readonly (readonly [target: number, prediction: number])[])[];
}

const number = (value: number): string => String(Number(value.toPrecision(4)));

/** A regression's scores, for each output, with predictions over targets. */
export function regressionReport(
  {
    numbers,
    details: { metrics },
  }: TaskScores & { readonly details: { readonly metrics: Readonly<Record<string, RegressionMetrics | undefined>> } },
  { names, unit }: { readonly names: readonly string[]; readonly unit: string | undefined },
  parts: readonly Examples[],
): TaskReport {
  const inUnit = unit === undefined ? "" : ` (${unit})`;
  return {
    headline: {
      [`RMSE${inUnit}`]: number(numbers.rmse as number),
      [`MAE${inUnit}`]: number(numbers.mae as number),
      "R²": number(numbers.r2 as number),
      [`bias${inUnit}`]: number(numbers.bias as number),
    },
    figures: names.flatMap((name, output) => {
      const pairs = parts.flatMap(({ examples }) => examples[output] ?? []);
      if (pairs.length === 0) return [];
      const [x, y] = [pairs.map(([target]) => target), pairs.map(([, prediction]) => prediction)];
      const labels = { title: name, xLabel: `target${inUnit}`, yLabel: `prediction${inUnit}` };
      return [{ svg: plotScatter({ x, y, ...labels }), alt: `Predictions over targets of ${name}` }];
    }),
    sections: [
      {
        heading: "Targets",
        text: `Bias is the mean of prediction − target; R² is 1 − squared errors ÷ those of the mean.`,
        table: {
          columns: ["target", `RMSE${inUnit}`, `MAE${inUnit}`, "R²", `bias${inUnit}`, "values"],
          rows: Object.entries(metrics).flatMap(([name, scores]) =>
            scores
              ? [[name, ...[scores.rmse, scores.mae, scores.r2, scores.bias].map(number), String(scores.count)]]
              : [],
          ),
        },
      },
    ],
  };
}
