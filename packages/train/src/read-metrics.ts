import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A logged step of `metrics.jsonl`. */
export interface StepMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  readonly imagesPerSecond: number;
  /** Not in lines of runs before it was measured. */
  readonly loaderWaitShare?: number;
  /** Where the backend counts its bytes. */
  readonly peakBytes?: number;
  readonly rssBytes: number;
  /** Training time over all restarts. */
  readonly seconds: number;
}

/** An evaluation of `metrics.jsonl`. */
export interface EvaluationMetrics {
  readonly step: number;
  readonly evaluation: Readonly<Record<string, number>>;
}

/** Reads what a run has logged, in the order of its steps. */
export async function readMetrics(runFolder: string): Promise<{
  readonly steps: readonly StepMetrics[];
  readonly evaluations: readonly EvaluationMetrics[];
}> {
  const text = await readFile(join(runFolder, "metrics.jsonl"), "utf8");
  const lines = text
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as StepMetrics | EvaluationMetrics]));
  return {
    steps: lines.filter((line) => "loss" in line),
    evaluations: lines.filter((line) => "evaluation" in line),
  };
}
