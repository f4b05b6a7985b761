import { backendConfig, channelTreeFields, parallelConfig, parallelMayChange } from "@graticule/classify";
import { loaderConfig, loopConfig, loopMayChange, optimizerConfig } from "@graticule/train";
import { z } from "zod";

const hours = z.number().gt(0);

/** Everything that decides a training run; a preset, files and `a.b=c` overrides are merged into one of these. */
export const trainConfig = z.strictObject({
  /** Decides initial weights, lead times, turns of the globe and order. */
  seed: z.int().min(0).default(0),
  backend: backendConfig.prefault({}),
  parallel: parallelConfig.prefault({}),
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
      /** Part of the values that training drops; the preset's when absent. */
      dropRate: z.number().min(0).lt(1).optional(),
      /** Part of the samples whose last block training skips, blocks before it less; the preset's when absent. */
      dropPathRate: z.number().min(0).lt(1).optional(),
      ...channelTreeFields,
      /** Networks that are trained side by side from different weights, and whose mean is the forecast. */
      networks: z.int().min(1).default(1),
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
  loader: loaderConfig.prefault({}),
  optimizer: optimizerConfig
    .extend({
      learningRate: z.number().gt(0).default(5e-4),
      weightDecay: z.number().min(0).default(1e-5),
    })
    .prefault({}),
  train: loopConfig
    .extend({
      epochs: z.int().min(1).default(50),
      microBatchSize: z.int().min(1).default(16),
      checkpointEverySteps: z.int().min(1).default(200),
      /** Epochs between two validations; the weights of the best one are kept beside the newest. */
      validateEveryEpochs: z.int().min(1).default(1),
      /** Ends the run after so many epochs without a better validation; never when absent. */
      patienceEpochs: z.int().min(1).optional(),
      /**
       * Weighs the best model's corrections by channel and lead time, 0 to 1, by their skill on the validation split as
       * far as it is certain, and then measures climatology and persistence again with that split's dates.
       */
      calibrate: z.boolean().default(true),
    })
    .prefault({}),
});

export type TrainConfig = z.output<typeof trainConfig>;

/** Settings that may differ when a run is resumed: they change its length, its speed or what it says, not its steps. */
export const resumeMayChange = ["store", "train.patienceEpochs", ...parallelMayChange, ...loopMayChange];
