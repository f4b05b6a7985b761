import type { TrainableParameters } from "@graticule/adapters";
import { formatBytes, formatDuration } from "@graticule/core";
import { readMetrics } from "@graticule/train";
import { formatTable } from "../command-line.js";
import type { FinetuneConfig } from "./finetune-config.js";
import type { SavedClassifier } from "./save-tuned.js";

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
  /** Mean distance of confidence and accuracy. */
  readonly calibrationError: number;
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
  { step, split, scores: { loss, metrics, calibration } }: SavedClassifier,
): Promise<FinetuneSummary> {
  const { steps } = await readMetrics(runFolder);
  const last = steps.at(-1);
  const speeds = steps.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const peaks = steps.flatMap(({ peakBytes }) => peakBytes ?? []);
  const { top1, top5, macroF1, microF1 } = metrics;
  return {
    ...{ method, trainable: trainable.count, parameters: trainable.total, split, top1, top5, macroF1, microF1, loss },
    calibrationError: calibration.expectedError,
    ...{ bestStep: step, steps: last?.step ?? 0, medianSpeed: speeds[Math.floor(speeds.length / 2)] ?? 0 },
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined,
    seconds: last?.seconds ?? 0,
  };
}

/** Runs as rows of a table: what each trained, what that cost, and how well it does. */
export function summaryTable(summaries: readonly FinetuneSummary[]): string {
  return formatTable(
    ["method", "trained", "of all %", "peak memory", "time", "images/s", "top-1 %", "macro-F1 %"],
    summaries.map(({ method, trainable, parameters, peakBytes, seconds, medianSpeed, top1, macroF1 }) => [
      method,
      String(trainable),
      ((100 * trainable) / parameters).toFixed(3),
      peakBytes === undefined ? "not counted" : formatBytes(peakBytes),
      formatDuration(seconds),
      medianSpeed.toFixed(1),
      (100 * top1).toFixed(1),
      (100 * macroF1).toFixed(1),
    ]),
  );
}
