import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type PlainData, printConfig } from "@graticule/config";
import { silentLogger } from "@graticule/core";
import type { Module } from "@graticule/nn";
import {
  type LossScaler,
  makeAdamW,
  makeLossScaler,
  scaleLearningRates,
  warmupCosine,
  weightDecayGroups,
} from "@graticule/optim";
import type { z } from "zod";
import type { OpenedBackend } from "./open-backend.js";
import type { loopConfig, optimizerConfig } from "./run-config.js";
import { type Strategy, singleDevice } from "./strategy.js";
import { together } from "./together.js";
import { trainLocked } from "./train.js";
import type { TrainOptions, TrainResult } from "./train-options.js";
import { withRunLock } from "./with-run-lock.js";

/** Where a run folder keeps its settings. */
export const RUN_CONFIG_FILE = "config.yaml";

/** The parts of an app's configuration that say how its run trains. */
export interface RunConfig {
  readonly seed: number;
  readonly optimizer: Readonly<z.output<typeof optimizerConfig>>;
  readonly train: Readonly<z.output<typeof loopConfig>>;
}

export interface TrainRunOptions
  extends Pick<
    TrainOptions,
    | "runFolder"
    | "model"
    | "loader"
    | "loss"
    | "strategy"
    | "resume"
    | "configMayChange"
    | "evaluate"
    | "afterUpdate"
    | "logger"
  > {
  /** The whole configuration; it is written into the run folder and into each checkpoint. */
  readonly config: RunConfig;
  /** Learning rate at the end of the warm-up, for the batches of this run. */
  readonly learningRate: number;
  /** What a parameter's learning rate is multiplied by, for layer-wise decay; 1 unless given. */
  readonly learningRateScale?: (path: string) => number;
  readonly backend: OpenedBackend;
  /** Where to show progress; nowhere unless given. */
  readonly progressStream?: TrainOptions["progressStream"];
}

/**
 * Trains a model as its run's configuration says: AdamW with weight decay on matrices, linear warm-up and a cosine over
 * all epochs, checkpoints. `train.recompute` is applied by the caller, since that comes before a model is divided.
 *
 * @throws as `train` does.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainResult> {
  const { runFolder, config, model, loader, backend, logger = silentLogger } = options;
  const { epochs, gradAccumSteps } = config.train;
  const { weightDecay, betas, epsilon, warmupFraction, minLearningRate, clipNorm } = config.optimizer;
  const totalSteps = Math.max(1, Math.floor((epochs * loader.batchesPerEpoch) / gradAccumSteps));
  const { strategy = singleDevice(), resume, configMayChange, evaluate, afterUpdate } = options;
  const scaleOf = options.learningRateScale ?? (() => 1);
  const groups = scaleLearningRates(weightDecayGroups(model, weightDecay), scaleOf).map((group) => ({
    ...group,
    parameters: strategy.ownParameters(group.parameters),
  }));
  const optimizer = makeAdamW({ groups, betas, epsilon });
  const learningRate = warmupCosine({
    baseLr: options.learningRate,
    warmupSteps: Math.floor(warmupFraction * totalSteps),
    totalSteps,
    minLr: minLearningRate,
  });
  const trained = await countTrained(model, strategy);
  const parameters = trained < 1e5 ? `${trained}` : `${(trained / 1e6).toFixed(2)} M`;
  logger.info(
    `${loader.length} samples of ${loader.schema.length} channels · ${parameters} parameters · ${totalSteps} steps of ${loader.globalBatchSize * gradAccumSteps} on ${backend.name} (${backend.precision})`,
  );
  const trainOptions: TrainOptions = {
    runFolder,
    model,
    optimizer,
    loader,
    loss: options.loss,
    learningRate,
    seed: config.seed,
    totalSteps,
    gradAccumSteps,
    ...(clipNorm !== undefined && { clipNorm }),
    config: config as unknown as PlainData,
    saveEverySteps: config.train.checkpointEverySteps,
    keepCheckpoints: config.train.keepCheckpoints,
    asyncCheckpoint: config.train.asyncCheckpoint,
    logEverySteps: config.train.logEverySteps,
    strategy,
    ...(resume !== undefined && { resume }),
    ...(configMayChange && { configMayChange }),
    ...(evaluate && { evaluate }),
    ...(afterUpdate && { afterUpdate }),
    ...(backend.memory && { memory: backend.memory }),
    logger,
    progressStream: options.progressStream ?? nowhere(),
    ...(config.train.traceSteps && { traceSteps: config.train.traceSteps }),
    onNonFinite: config.train.onNonFinite,
    ...(backend.precision === "fp16" && { lossScaler: scalerOf(config.train.lossScale) }),
  };
  try {
    return await withRunLock(trainOptions, async (lock) => {
      await together(strategy, async () => {
        if (strategy.rank === 0) await writeFile(join(runFolder, RUN_CONFIG_FILE), printConfig(trainOptions.config));
      });
      return trainLocked(trainOptions, lock);
    });
  } finally {
    optimizer.dispose();
  }
}

/** Steps between two growths of the scale. Source: the window of DeepSpeed's settings for fine-tuning in fp16. */
const GROWTH_INTERVAL = 100;

function scalerOf(settings: RunConfig["train"]["lossScale"]): LossScaler {
  const { initial, minimum, ...rest } = settings ?? {};
  const ends = {
    ...(initial !== undefined && { initialScale: initial }),
    ...(minimum !== undefined && { minScale: minimum }),
  };
  return makeLossScaler({ growthInterval: GROWTH_INTERVAL, ...rest, ...ends });
}

/** Values that are trained, over all processes. Collective. */
async function countTrained(model: Module, strategy: Strategy): Promise<number> {
  const own = model
    .namedParameters()
    .filter(([, { trainable }]) => trainable)
    .map(([path, { globalShape }]) => [path, globalShape.reduce((size, length) => size * length, 1)] as const);
  const all = new Map((await strategy.gather(own)).flat());
  return [...all.values()].reduce((sum, size) => sum + size, 0);
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
