import type { TrainableParameters } from "@graticule/adapters";
import { formatBytes, formatDuration } from "@graticule/core";
import { readMetrics } from "@graticule/train";
import { formatTable } from "../command-line.js";
import type { FinetuneConfig } from "./finetune-config.js";
import type { SavedModel } from "./save-tuned.js";

/** A run's cost and scores, the numbers of one line. */
export interface FinetuneSummary {
  readonly method: string;
  readonly trainable: number;
  readonly parameters: number;
  readonly split: string;
  /** The task's scores: loss and top1, mIoU, rmse, …; of several tasks `name/score`. */
  readonly scores: Readonly<Record<string, number>>;
  /** Those that matter most, as text. */
  readonly headline: Readonly<Record<string, string>>;
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
  { step, split, scores, reports }: SavedModel,
): Promise<FinetuneSummary> {
  const { steps } = await readMetrics(runFolder);
  const last = steps.at(-1);
  const speeds = steps.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const peaks = steps.flatMap(({ peakBytes }) => peakBytes ?? []);
  const prefixed = reports.flatMap(({ name, headline }) =>
    Object.entries(headline).map(([score, text]) => [name === "" ? score : `${name} ${score}`, text]),
  );
  return {
    ...{ method, trainable: trainable.count, parameters: trainable.total, split },
    ...{ scores: scores.numbers, headline: Object.fromEntries(prefixed) },
    ...{ bestStep: step, steps: last?.step ?? 0, medianSpeed: speeds[Math.floor(speeds.length / 2)] ?? 0 },
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined,
    seconds: last?.seconds ?? 0,
  };
}

/** Runs of the same tasks as rows of a table: what each trained, what that cost, and how well it does. */
export function summaryTable(summaries: readonly FinetuneSummary[]): string {
  const scores = Object.keys(summaries[0]?.headline ?? {});
  return formatTable(
    ["method", "trained", "of all %", "peak memory", "time", "images/s", ...scores],
    summaries.map(({ method, trainable, parameters, peakBytes, seconds, medianSpeed, headline }) => [
      method,
      String(trainable),
      ((100 * trainable) / parameters).toFixed(3),
      peakBytes === undefined ? "not counted" : formatBytes(peakBytes),
      formatDuration(seconds),
      medianSpeed.toFixed(1),
      ...scores.map((score) => headline[score] ?? ""),
    ]),
  );
}
