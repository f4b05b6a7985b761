import type { PlainData } from "@graticule/config";
import { expectation, type Logger, type Random } from "@graticule/core";
import type { Batch, Loader } from "@graticule/data";
import type { Module } from "@graticule/nn";
import type { AdamW, LossScaler } from "@graticule/optim";
import type { Scalar } from "@tensorflow/tfjs-core";
import type { NonFinitePolicy } from "./non-finite-policy.js";
import type { ProgressOptions } from "./progress.js";
import type { BackendMemory } from "./run-log.js";
import type { Strategy } from "./strategy.js";

/** What a loss may depend on besides the batch and the weights; nothing of it differs after a restart. */
export interface LossContext {
  /** Optimizer steps completed so far. */
  readonly step: number;
  readonly epoch: number;
  /**
   * The random stream of a name and numbers in this epoch, e.g. `random("mask", batch.indices[i])`: keyed by sample,
   * so that it doesn't matter how samples fall into batches.
   */
  random(name: string, ...path: readonly number[]): Random;
}

/**
 * Computes the mean loss of a batch; everything that it makes but the result is freed by the loop, and the batch's images
 * and arrays are empty afterwards, since the loader uses their memory again.
 */
export type LossFunction = (batch: Batch, context: LossContext) => Scalar;

export interface TrainOptions {
  /** Where checkpoints and logs go; one process, or one job of several, at a time, which `train.lock` there sees to. */
  readonly runFolder: string;
  readonly model: Module;
  readonly optimizer: AdamW;
  readonly loader: Loader;
  readonly loss: LossFunction;
  /** Learning rate of the step after `step` completed ones. */
  readonly learningRate: (step: number) => number;
  readonly seed: number;
  readonly totalSteps: number;
  /** Batches whose gradients are averaged in one step; 1 unless given. */
  readonly gradAccumSteps?: number;
  /** Largest L2 norm that the mean gradient keeps; not clipped unless given. */
  readonly clipNorm?: number;
  /**
   * Scales losses, for gradients in fp16: a step whose gradients overflow is skipped, and the scale falls, as long as it can.
   * Losses are as they are unless given.
   */
  readonly lossScaler?: LossScaler;
  /** What a step does whose loss or gradient is not finite; `stop` unless given. */
  readonly onNonFinite?: NonFinitePolicy;
  /** Where gradients go; `singleDevice()` unless given. */
  readonly strategy?: Strategy;
  /** The whole configuration of the run, stored with each checkpoint. */
  readonly config: PlainData;
  /** Continue from the newest valid checkpoint, or from the start where there is none; false unless given. */
  readonly resume?: boolean;
  /** Patterns of configuration paths that may differ when resuming, e.g. `["train.totalSteps", "log.**"]`. */
  readonly configMayChange?: readonly string[];
  readonly saveEverySteps: number;
  /**
   * Writes checkpoints in a thread while training goes on: a save costs a copy of weights and moments in host memory, in
   * time and in bytes. The next save and the end of the run wait for it. False unless given.
   */
  readonly asyncCheckpoint?: boolean;
  /** How many checkpoints to keep, the newest ones. */
  readonly keepCheckpoints: number;
  readonly logEverySteps: number;
  /** First and last step, counted from 1, of which a timeline goes to `trace/` in the run folder; none unless given. */
  readonly traceSteps?: readonly [first: number, last: number];
  readonly evaluate?: {
    readonly everySteps: number;
    /** Scores by name, for the log. */
    readonly run: (step: number) => Promise<Readonly<Record<string, number>>>;
    /** Asked after each evaluation: true ends the run there, as its last step would; never unless given. */
    readonly endsRun?: () => boolean;
  };
  /** Called after each update of the weights, e.g. to average them; the step counts as completed. */
  readonly afterUpdate?: (step: number) => void;
  /** Memory of the tensor backend, for the log. */
  readonly memory?: () => BackendMemory;
  /** Says what was skipped or passed over; silent unless given. */
  readonly logger?: Logger;
  /** Where to show progress; stderr unless given. */
  readonly progressStream?: ProgressOptions["stream"];
  /** Time between progress lines where the stream is no terminal; 10 unless given. Units: seconds. */
  readonly progressEverySeconds?: number;
}

export interface TrainResult {
  /** Optimizer steps completed. */
  readonly step: number;
  readonly epoch: number;
  readonly samplesSeen: number;
  /** Loss of the last step; undefined if a resumed run had nothing left to do. */
  readonly loss: number | undefined;
  /** Part of this call's time that was spent waiting for batches, 0 to 1. */
  readonly loaderWaitShare: number;
  /** True if a signal ended the run before its end; resume continues it. */
  readonly stopped: boolean;
  /** Folder of the newest checkpoint, which holds the final state. */
  readonly checkpoint: string;
}

const COUNTS = ["gradAccumSteps", "saveEverySteps", "keepCheckpoints", "logEverySteps"] as const;

/** @throws {RangeError} if a count is not a whole number of at least 1, `clipNorm` not positive, or `traceSteps` no window. */
export function assertTrainOptions(options: TrainOptions): void {
  for (const name of COUNTS) {
    const value = options[name] ?? 1;
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(expectation("train", `${name} to be a whole number of at least 1`, `${value}`));
  }
  if (!(Number.isSafeInteger(options.totalSteps) && options.totalSteps >= 0))
    throw new RangeError(expectation("train", "totalSteps to be a whole number", `${options.totalSteps}`));
  const { traceSteps: [first, last] = [1, 1] } = options;
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last) && 1 <= first && first <= last))
    throw new RangeError(expectation("train", "traceSteps [first, last] with 1 ≤ first ≤ last", `[${first}, ${last}]`));
  if (options.clipNorm !== undefined && !(options.clipNorm > 0))
    throw new RangeError(
      expectation("train", "clipNorm above 0", `${options.clipNorm}`, "Leave it out for no clipping."),
    );
}
