import type { TrainableParameters } from "@graticule/adapters";
import { printConfig } from "@graticule/config";
import { formatBytes, formatDuration } from "@graticule/core";
import { plotConfusionMatrix, plotCurves, type ReportSection } from "@graticule/plot";
import { readMetrics } from "@graticule/train";
import type { ReportPart } from "../run-report.js";
import type { FinetuneConfig } from "./finetune-config.js";
import type { SavedClassifier } from "./save-tuned.js";

const percent = (share: number): string => (100 * share).toFixed(1);

/** A run's cost and scores, the numbers of one line. */
export interface FinetuneSummary {
  readonly method: string;
  readonly trainable: number;
  readonly parameters: number;
  readonly split: string;
  readonly top1: number;
  readonly top5: number;
  readonly macroF1: number;
  readonly microF1: number;
  readonly loss: number;
  readonly bestStep: number;
  readonly steps: number;
  /** Units: images per second. */
  readonly medianSpeed: number;
  /** Of tensors; undefined where the backend doesn't count. Units: bytes. */
  readonly peakBytes: number | undefined;
  /** Training time over all restarts, validations included. Units: seconds. */
  readonly seconds: number;
}

/** The numbers of a finished run, from its log and its scores. */
export async function finetuneSummary(
  runFolder: string,
  { tune: { method } }: FinetuneConfig,
  trainable: TrainableParameters,
  { step, split, scores: { loss, metrics } }: SavedClassifier,
): Promise<FinetuneSummary> {
  const { steps } = await readMetrics(runFolder);
  const last = steps.at(-1);
  const speeds = steps.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const peaks = steps.flatMap(({ peakBytes }) => peakBytes ?? []);
  const { top1, top5, macroF1, microF1 } = metrics;
  return {
    ...{ method, trainable: trainable.count, parameters: trainable.total, split, top1, top5, macroF1, microF1, loss },
    ...{ bestStep: step, steps: last?.step ?? 0, medianSpeed: speeds[Math.floor(speeds.length / 2)] ?? 0 },
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined,
    seconds: last?.seconds ?? 0,
  };
}

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
    sections: [scores, classes, cost, tensors, { heading: "Settings", code: printConfig(config) }],
  };
}
