import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReportPart } from "@graticule/classify";
import { formatBytes, formatDuration } from "@graticule/core";
import { plotCurves } from "@graticule/plot";
import { readBest } from "./best-weights.js";

interface StepLine {
  readonly step: number;
  readonly loss: number;
  readonly imagesPerSecond: number;
  readonly rssBytes: number;
  readonly seconds: number;
}

/** The part of the report that a training run adds: its curves and numbers, read from its log. */
export async function trainingReport(runFolder: string): Promise<ReportPart> {
  const text = await readFile(join(runFolder, "metrics.jsonl"), "utf8");
  const lines = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
  const steps = lines.filter((line) => "loss" in line) as unknown as StepLine[];
  const validations = lines.filter((line) => "evaluation" in line) as unknown as {
    readonly step: number;
    readonly evaluation: { readonly loss: number };
  }[];
  const last = steps.at(-1);
  if (!last) return { sections: [] };
  const best = await readBest(runFolder);
  const svg = plotCurves({
    series: [
      { name: "training", x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) },
      ...(validations.length > 0
        ? [
            {
              name: "validation",
              x: validations.map(({ step }) => step),
              y: validations.map((line) => line.evaluation.loss),
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
