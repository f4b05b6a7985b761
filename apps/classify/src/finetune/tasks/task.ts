import type { Batch, ChannelSchema, Dataset } from "@graticule/data";
import type { HeadConfig } from "@graticule/models";
import type { ReportFigure, ReportTable } from "@graticule/plot";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import type { FinetuneConfig } from "../finetune-config.js";

/** What the channels of a head's scores stand for, behind `activate`. */
export type OutputMeaning =
  | {
      readonly kind: "classes";
      /** One class each (probabilities that sum to 1), or any number of them (a probability for each). */
      readonly activation: "softmax" | "sigmoid";
      readonly classNames: readonly string[];
      /** The number that a class has in rasters of labels; its place unless given. */
      readonly classValues?: readonly number[];
    }
  | { readonly kind: "values"; readonly names: readonly string[]; readonly unit?: string };

/** Scores of a validation. */
export interface TaskScores {
  /** For the log: `loss` and what else is a number. */
  readonly numbers: Readonly<Record<string, number>> & { readonly loss: number };
  /** All of it, as `scores.json` has it. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a report says of a task's scores. */
export interface TaskReport {
  /** The scores that matter most, as text by name; the first stands large at the top. */
  readonly headline: Readonly<Record<string, string>>;
  readonly figures: readonly ReportFigure[];
  readonly sections: readonly {
    readonly heading: string;
    readonly text?: string;
    readonly table?: ReportTable;
    readonly figures?: readonly ReportFigure[];
  }[];
}

/** Takes in what a head gives for batches of held-out images; its part is plain data, to be joined with other processes'. */
export interface TaskCounter<Part> {
  add(outputs: Tensor, batch: Batch): Promise<void>;
  part(): Part;
}

/** What a head on an encoder learns, and how it is judged. */
export interface HeadTask<Part = unknown> {
  readonly head: HeadConfig;
  readonly meaning: OutputMeaning;
  /** Scores that weights can be chosen by, and which values are better; the usual one first. */
  readonly monitors: Readonly<Record<string, "higher" | "lower">>;
  /** Mean loss of a batch; the mean of ranks' is that of the whole batch. */
  loss(outputs: Tensor, batch: Batch): Scalar;
  /** What outputs mean: probabilities, or values in their own unit. Keeps the shape. */
  activate(outputs: Tensor): Tensor;
  /** @param examples how many images are kept to be drawn; none unless given. */
  makeCounter(examples?: number): TaskCounter<Part>;
  judge(parts: readonly Part[]): TaskScores;
  report(parts: readonly Part[], schema: ChannelSchema): TaskReport;
}

/** A kind of task: what has to be known of the training data before, and the task that follows from it. */
export interface TaskKind<Settings, Facts> {
  /**
   * Reads what the task needs to know of the training images; the result is plain data and kept with the weights.
   *
   * @throws {ConfigError} if they have no such targets.
   */
  learn(settings: Settings, dataset: Dataset, config: FinetuneConfig): Promise<Facts>;
  open(settings: Settings, facts: Facts, config: Pick<FinetuneConfig, "loss" | "model">): HeadTask;
}
