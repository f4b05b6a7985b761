import type { TrainableParameters } from "@graticule/adapters";
import { printConfig } from "@graticule/config";
import { formatBytes, formatDuration } from "@graticule/core";
import { plotConfusionMatrix, plotCurves, type ReportSection } from "@graticule/plot";
import { readMetrics } from "@graticule/train";
import type { ReportPart } from "../run-report.js";
import type { FinetuneConfig } from "./finetune-config.js";
import { finetuneSummary } from "./finetune-summary.js";
import type { SavedClassifier } from "./save-tuned.js";

const percent = (share: number): string => (100 * share).toFixed(1);

/** The part of the report that a fine-tuning run adds: scores, curves, classes, what was trained and its cost. */
export async function finetuneReport(
  runFolder: string,
  config: FinetuneConfig,
  trainable: TrainableParameters,
  saved: SavedClassifier,
): Promise<ReportPart> {
  const summary = await finetuneSummary(runFolder, config, trainable, saved);
  const { steps, evaluations } = await readMetrics(runFolder);
  const { metrics } = saved.scores;
  const { split, classNames } = saved;
  const x = steps.map(({ step }) => step);
  const validated = evaluations.map(({ step }) => step);
  const ofValidation = (name: string): number[] =>
    evaluations.map(({ evaluation }) => (evaluation[name] ?? Number.NaN) as number);
  const scores: ReportSection = {
    heading: "Fine-tuning",
    text: `The weights of step ${saved.step}, the best of the validations, on ${metrics.numItems} images of split '${split}'. Brackets are 95 % bootstrap intervals.`,
    table: {
      columns: ["method", "top-1 %", "top-5 %", "macro-F1 %", "micro-F1 %", "loss"],
      rows: [
        [
          summary.method,
          `${percent(metrics.top1)} [${metrics.intervals.top1.map(percent).join(", ")}]`,
          percent(metrics.top5),
          `${percent(metrics.macroF1)} [${metrics.intervals.macroF1.map(percent).join(", ")}]`,
          percent(metrics.microF1),
          saved.scores.loss.toFixed(4),
        ],
      ],
    },
    figures: [
      {
        svg: plotCurves({
          series: [
            { name: "training", x, y: steps.map(({ loss }) => loss) },
            { name: "validation", x: validated, y: ofValidation("loss") },
          ],
          ...{ title: "Loss", xLabel: "step", yLabel: "loss" },
        }),
        alt: "Loss over steps",
      },
      {
        svg: plotCurves({
          series: [
            { name: "top-1", x: validated, y: ofValidation("top1") },
            { name: "macro-F1", x: validated, y: ofValidation("macroF1") },
          ],
          ...{ title: "Validation", xLabel: "step", yLabel: "share" },
        }),
        alt: "Validation scores over steps",
      },
      {
        svg: plotConfusionMatrix({ matrix: metrics.confusionMatrix, classNames, title: "Confusion matrix" }),
        alt: "Confusion matrix of the tuned classifier",
      },
    ],
  };
  const classes: ReportSection = {
    heading: "Classes",
    table: {
      columns: ["class", "precision %", "recall %", "F1 %", "images"],
      rows: metrics.perClass.map(({ precision, recall, f1, support }, index) => [
        ...[classNames[index] as string, percent(precision), percent(recall), percent(f1), String(support)],
      ]),
    },
  };
  const reliability: ReportSection = {
    heading: "Calibration",
    text: `Expected calibration error ${percent(summary.calibrationError)} %: how far shares of right predictions lie from the probabilities that were given, in ${saved.scores.calibration.bins.length} bins.`,
    figures: [{ svg: plotReliability(saved), alt: "Share of right predictions over confidence" }],
  };
  const share = (100 * trainable.share).toFixed(3);
  const cost: ReportSection = {
    heading: "What was trained",
    text: `${trainable.count} of ${trainable.total} parameters, ${share} %.`,
    table: {
      columns: ["steps", "median images/s", "peak tensor memory", "time"],
      rows: [
        [
          String(summary.steps),
          summary.medianSpeed.toFixed(1),
          summary.peakBytes === undefined ? "not counted" : formatBytes(summary.peakBytes),
          formatDuration(summary.seconds),
        ],
      ],
    },
  };
  const tensors: ReportSection = {
    heading: "Trained tensors",
    table: {
      columns: ["tensor", "shape"],
      rows: Array.from(trainable.byPath, ([path, shape]) => [path, `[${shape.join(", ")}]`]),
    },
  };
  return {
    facts: [
      { label: "Fine-tuned top-1", value: `${percent(metrics.top1)} %` },
      { label: "Trained parameters", value: `${share} %` },
    ],
    sections: [scores, classes, reliability, cost, tensors, { heading: "Settings", code: printConfig(config) }],
  };
}

function plotReliability({ scores: { calibration } }: SavedClassifier): string {
  const filled = calibration.bins.filter(({ numItems }) => numItems > 0);
  return plotCurves({
    series: [
      { name: "classifier", x: filled.map((bin) => bin.confidence), y: filled.map((bin) => bin.accuracy) },
      { name: "calibrated", x: [0, 1], y: [0, 1], dashed: true },
    ],
    ...{ title: "Reliability", xLabel: "confidence", yLabel: "share of right predictions" },
  });
}
