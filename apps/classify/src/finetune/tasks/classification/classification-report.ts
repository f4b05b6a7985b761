import { plotConfusionMatrix, plotReliability } from "@graticule/plot";
import { percent, percentWithin } from "../percent.js";
import type { TaskReport, TaskScores } from "../task.js";
import type { ClassScoresDetails } from "./classification.js";

/** A classifier's scores, classes and calibration. */
export function classificationReport(
  { numbers, details: { metrics, calibration } }: TaskScores & { readonly details: ClassScoresDetails },
  classNames: readonly string[],
): TaskReport {
  return {
    headline: {
      "top-1 %": percentWithin(metrics.top1, metrics.intervals.top1),
      "top-5 %": percent(metrics.top5),
      "macro-F1 %": percentWithin(metrics.macroF1, metrics.intervals.macroF1),
      "micro-F1 %": percent(metrics.microF1),
      loss: numbers.loss.toFixed(4),
    },
    figures: [
      {
        svg: plotConfusionMatrix({ matrix: metrics.confusionMatrix, classNames, title: "Confusion matrix" }),
        alt: "Confusion matrix of the tuned classifier",
      },
    ],
    sections: [
      {
        heading: "Classes",
        table: {
          columns: ["class", "precision %", "recall %", "F1 %", "images"],
          rows: metrics.perClass.map(({ precision, recall, f1, support }, index) => [
            ...[classNames[index] as string, percent(precision), percent(recall), percent(f1), String(support)],
          ]),
        },
      },
      {
        heading: "Calibration",
        text: `Expected calibration error ${percent(calibration.expectedError)} %: how far shares of right predictions lie from the probabilities that were given, in ${calibration.bins.length} bins.`,
        figures: [
          { svg: plotReliability({ bins: calibration.bins }), alt: "Share of right predictions over confidence" },
        ],
      },
    ],
  };
}
