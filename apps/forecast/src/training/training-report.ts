import type { ReportPart } from "@graticule/classify";
import { formatBytes, formatDuration } from "@graticule/core";
import { plotCurves } from "@graticule/plot";
import { readMetrics } from "@graticule/train";
import { readBest } from "./best-weights.js";

/** The part of the report that a training run adds: its curves and numbers, read from its log. */
export async function trainingReport(runFolder: string): Promise<ReportPart> {
  const { steps, evaluations } = await readMetrics(runFolder);
  const last = steps.at(-1);
  if (!last) return { sections: [] };
  const best = await readBest(runFolder);
  const svg = plotCurves({
    series: [
      { name: "training", x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) },
      ...(evaluations.length > 0
        ? [
            {
              name: "validation",
              x: evaluations.map(({ step }) => step),
              y: evaluations.map(({ evaluation }) => evaluation.loss as number),
            },
          ]
        : []),
    ],
    title: "Loss",
    xLabel: "step",
    yLabel: "loss",
  });
  return {
    facts: [
      { label: best ? "Best validation loss" : "Loss", value: (best ?? last).loss.toFixed(4) },
      { label: "Training time", value: formatDuration(last.seconds) },
    ],
    sections: [
      {
        heading: "Training",
        text: "Latitude-weighted squared error in units of what the residual's base leaves open on the training split: 1 is the base itself. Scores on held-out dates are the work of score.",
        table: {
          columns: ["steps", "final loss", "best validation", "at step", "samples/s at the end", "resident memory"],
          rows: [
            [
              String(last.step),
              last.loss.toFixed(4),
              best?.loss.toFixed(4) ?? "none",
              best ? String(best.step) : "",
              last.imagesPerSecond.toFixed(1),
              formatBytes(last.rssBytes),
            ],
          ],
        },
        figures: [{ svg, alt: "Loss over steps, of training and validation" }],
      },
    ],
  };
}
