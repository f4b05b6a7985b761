import { maeConfigFor, readRunConfig } from "@graticule/classify";
import { type Logger, silentLogger } from "@graticule/core";
import { maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
import { findLatestCheckpoint, openBackend, type TrainOptions, type TrainResult, trainRun } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import { type PretrainConfig, pretrainConfig, resumeMayChange } from "./pretrain-config.js";
import { measureTrainingChannels, openTrainingLoader } from "./pretraining-data.js";

/**
 * Pretrains a masked autoencoder into a run folder, or continues the run that is there.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the data.
 */
export async function pretrain(
  runFolder: string,
  config: PretrainConfig,
  options: {
    readonly resume?: boolean;
    readonly logger?: Logger;
    /** Where to show progress; nowhere unless given. */
    readonly progressStream?: NonNullable<TrainOptions["progressStream"]>;
  } = {},
): Promise<TrainResult> {
  const { logger = silentLogger, resume = false, progressStream } = options;
  const backend = await openBackend(config.backend, logger);
  const existing = resume ? await findLatestCheckpoint(runFolder, logger) : undefined;
  const schema = existing?.state.schema ?? (await measureTrainingChannels(config));
  const loader = await openTrainingLoader(config, schema, logger);
  const modelConfig = maeConfigFor(config.model, schema.length);
  const model = makeMae(modelConfig, { seed: config.seed });
  const { microBatchSize, gradAccumSteps } = config.train;
  try {
    return await trainRun({
      runFolder,
      config,
      model,
      loader,
      backend,
      loss: ({ images, shape, indices }, { epoch }) => {
        const { maskRatio, normPix } = config.model;
        const mask = makeMaeMask({ seed: config.seed, epoch, indices, numTokens: numPatches(modelConfig), maskRatio });
        return maeLoss(model, tensor4d(images, [...shape]), mask, { normPix });
      },
      learningRate: (config.optimizer.baseLearningRate * microBatchSize * gradAccumSteps) / 256,
      resume,
      configMayChange: resumeMayChange,
      logger,
      ...(progressStream && { progressStream }),
    });
  } finally {
    await loader.close();
    model.dispose();
  }
}

/** Reads the settings that a run was started with, and changes some of them. @throws {ConfigError} if it is no run. */
export const readPretrainConfig = (runFolder: string, overrides: readonly string[] = []): Promise<PretrainConfig> =>
  readRunConfig(pretrainConfig, runFolder, overrides);
