import { backendConfig } from "@graticule/classify";
import { z } from "zod";

const hours = z.number().gt(0);

/** Everything that decides a training run; a preset, files and `a.b=c` overrides are merged into one of these. */
export const trainConfig = z.strictObject({
  /** Decides initial weights, lead times, turns of the globe and order. */
  seed: z.int().min(0).default(0),
  backend: backendConfig.prefault({}),
  /** Folder that `prepare` made. */
  store: z.string(),
  data: z
    .strictObject({
      /** All of the store when absent. */
      inputChannels: z.array(z.string()).optional(),
      /** Those of the input when absent. */
      targetChannels: z.array(z.string()).optional(),
      /** Earlier states that are inputs too. */
      historyHours: z.array(hours).default([]),
      features: z.array(z.enum(["solar", "solarAtTarget", "timeOfDay", "timeOfYear"])).default([]),
      /** One lead time, a list, or { from, to, step }: each sample draws one. */
      leadTimeHours: z
        .union([hours, z.array(hours).min(1), z.strictObject({ from: hours, to: hours, step: hours })])
        .default(24),
    })
    .prefault({}),
  model: z
    .strictObject({
      preset: z.enum(["tiny", "small", "era5", "hyperspectral", "climax", "1.7B", "7B", "15B", "26B"]).default("tiny"),
      patchSize: z.int().min(1).optional(),
      embedDim: z.int().min(4).optional(),
      depth: z.int().min(1).optional(),
      numHeads: z.int().min(1).optional(),
      mlpDim: z.int().min(1).optional(),
      /** Hidden layers of the head. */
      decoderDepth: z.int().min(0).optional(),
      /** How channels become one token: `flat`, or `tree0`, `tree2`, …, of `groups` with a reducer. */
      tree: z
        .string()
        .regex(/^(flat|tree\d+)$/, "expected flat, tree0, tree2, tree4, …")
        .default("flat"),
      groups: z.int().min(1).optional(),
      reducer: z.enum(["linear", "cross-attention"]).optional(),
      /** What the network adds to: damped persistence towards the mean by hour of the day, the state now, or nothing. */
      residual: z.enum(["damped-persistence", "persistence", "none"]).default("damped-persistence"),
    })
    .prefault({}),
  loss: z
    .strictObject({
      /** Weights by channel; 1 where absent. */
      variableWeights: z.record(z.string(), z.number().min(0)).default({}),
    })
    .prefault({}),
  /** Trains an ensemble on the fair CRPS: a latent vector sets its members apart. Calibration is left out. */
  ensemble: z
    .strictObject({
      /** Forecasts made of each sample in training; 0 or 1 for none, and the squared error. */
      members: z.int().min(0).default(0),
      /** Length of the latent vector. */
      noiseDim: z.int().min(1).default(16),
    })
    .prefault({}),
  augment: z
    .strictObject({
      /** Turns the globe by a random number of columns: a symmetry of the atmosphere but for land and sea. */
      turn: z.boolean().default(false),
      /** Standard deviation of noise on the network's input, in units of each channel's own. */
      inputNoise: z.number().min(0).default(0),
    })
    .prefault({}),
  loader: z
    .strictObject({
      /** Threads that read samples; 0 = in this process. */
      numWorkers: z.int().min(0).default(1),
      prefetchBatches: z.int().min(1).default(2),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      learningRate: z.number().gt(0).default(5e-4),
      minLearningRate: z.number().min(0).default(0),
      weightDecay: z.number().min(0).default(1e-5),
      betas: z.tuple([z.number(), z.number()]).default([0.9, 0.95]),
      epsilon: z.number().gt(0).default(1e-8),
      /** Share of all steps with linear warm-up. */
      warmupFraction: z.number().min(0).lt(1).default(0.05),
      clipNorm: z.number().gt(0).optional(),
    })
    .prefault({}),
  train: z
    .strictObject({
      epochs: z.int().min(1).default(50),
      microBatchSize: z.int().min(1).default(16),
      gradAccumSteps: z.int().min(1).default(1),
      /** Modules whose activations are computed again in the backward pass, e.g. `network.blocks.*`. */
      recompute: z.string().optional(),
      /** Epochs between two validations; the weights of the best one are kept beside the newest. */
      validateEveryEpochs: z.int().min(1).default(1),
      /** Ends the run after so many epochs without a better validation; never when absent. */
      patienceEpochs: z.int().min(1).optional(),
      /** Weighs the best model's corrections by channel and lead time as serves the validation split best, 0 to 1. */
      calibrate: z.boolean().default(true),
      checkpointEverySteps: z.int().min(1).default(200),
      keepCheckpoints: z.int().min(1).default(2),
      logEverySteps: z.int().min(1).default(10),
    })
    .prefault({}),
});

export type TrainConfig = z.output<typeof trainConfig>;

/** Settings that may differ when a run is resumed: they change its length, its speed or what it says, not its steps. */
export const resumeMayChange = [
  "store",
  "train.{epochs,checkpointEverySteps,keepCheckpoints,logEverySteps,patienceEpochs}",
  "loader.**",
  "backend.threads",
];
