import { z } from "zod";

/** AdamW and its schedule, as part of a run's configuration; an app extends it with its learning rate. */
export const optimizerConfig = z.strictObject({
  minLearningRate: z.number().min(0).default(0),
  weightDecay: z.number().min(0).default(0.05),
  betas: z.tuple([z.number(), z.number()]).default([0.9, 0.95]),
  epsilon: z.number().gt(0).default(1e-8),
  /** Share of all steps with linear warm-up; 40 of 800 epochs in He et al. 2022. */
  warmupFraction: z.number().min(0).lt(1).default(0.05),
  /** Largest global gradient norm; not clipped when absent. */
  clipNorm: z.number().gt(0).optional(),
});

/** Length and pace of a run, as part of its configuration. */
export const loopConfig = z.strictObject({
  epochs: z.int().min(1).default(100),
  /** Samples of one forward pass, on all ranks together. */
  microBatchSize: z.int().min(1).default(64),
  /** Forward passes of one optimizer step. */
  gradAccumSteps: z.int().min(1).default(1),
  /** Modules whose activations are computed again in the backward pass, e.g. `blocks.*`; none when absent. */
  recompute: z.string().optional(),
  checkpointEverySteps: z.int().min(1).default(500),
  keepCheckpoints: z.int().min(1).default(2),
  /** Writes checkpoints in a thread, from a copy of weights and moments in host memory. */
  asyncCheckpoint: z.boolean().default(false),
  logEverySteps: z.int().min(1).default(10),
  /** A loss or gradient that is not finite ends the run, or leaves out its step. */
  onNonFinite: z.enum(["stop", "skip"]).default("stop"),
  /** How losses are scaled under `backend.precision=fp16`. */
  lossScale: z
    .strictObject({
      initial: z.number().gt(0).default(65_536),
      growthFactor: z.number().gt(1).default(2),
      /** Steps in a row without overflow before the scale grows. */
      growthInterval: z.int().min(1).default(100),
      backoffFactor: z.number().gt(0).lt(1).default(0.5),
      /** An overflow at this scale is a loss that is not finite. */
      minimum: z.number().gt(0).default(1),
    })
    .optional(),
  /** First and last step, from 1, whose timeline goes to `trace/trace.json` in the run folder; none when absent. */
  traceSteps: z.tuple([z.int().min(1), z.int().min(1)]).optional(),
});

/** How samples are read ahead, as part of a run's configuration. */
export const loaderConfig = z.strictObject({
  /** Threads that read and prepare samples; 0 = in this process. */
  numWorkers: z.int().min(0).default(1),
  /** Batches made ahead of the training step. */
  prefetchBatches: z.int().min(1).default(2),
});

/** Settings of `optimizerConfig`, `loopConfig` and `loaderConfig` that change a run's length, speed or words, not its steps where they are finite. */
export const loopMayChange = [
  "train.{epochs,checkpointEverySteps,keepCheckpoints,asyncCheckpoint,logEverySteps,traceSteps,onNonFinite}",
  "loader.{numWorkers,prefetchBatches}",
  "backend.threads",
];
