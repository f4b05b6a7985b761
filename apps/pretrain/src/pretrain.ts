import { divideModel, fromFirstRank, type RanksRunOptions, readRunConfig, shareOf } from "@graticule/classify";
import { silentLogger } from "@graticule/core";
import { soloCommunicator } from "@graticule/mpi";
import { deferInitialization } from "@graticule/nn";
import { findLatestCheckpoint, openBackend, type TrainResult, trainRun } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import { makeMaskedModel } from "./masked-model.js";
import { type PretrainConfig, pretrainConfig, resumeMayChange } from "./pretrain-config.js";
import { measureTrainingChannels, openTrainingLoader, openValidation } from "./pretraining-data.js";
import { validationLoss } from "./validation-loss.js";

/**
 * Pretrains a masked autoencoder into a run folder, or continues the run that is there.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the data or the ranks.
 */
export async function pretrain(
  runFolder: string,
  config: PretrainConfig,
  options: RanksRunOptions = {},
): Promise<TrainResult> {
  const { world = soloCommunicator(), resume = false, progressStream } = options;
  const share = await shareOf(world, config, options.logger ?? silentLogger);
  const { logger, mesh } = share;
  const backend = await openBackend(share.backend, logger);
  const schema = await fromFirstRank(world, async () => {
    const existing = resume ? await findLatestCheckpoint(runFolder, logger) : undefined;
    return existing?.state.schema ?? measureTrainingChannels(config);
  });
  const model = deferInitialization(() => makeMaskedModel(config.model, schema, config.seed));
  const { microBatchSize, gradAccumSteps, validateEveryEpochs, recompute } = config.train;
  const { parallel } = config;
  const divided = divideModel(model.module, mesh, model.division, { parallel, recompute, logger });
  const { ownChannels } = model;
  if (ownChannels.length < schema.length)
    logger.info(`rank 0 reads and embeds ${ownChannels.length} of ${schema.length} channels, others their own`);
  const loader = await openTrainingLoader(config, schema, share, ownChannels);
  const validation = await openValidation(config, schema, share, ownChannels);
  const stepsPerEpoch = Math.max(1, Math.floor(loader.batchesPerEpoch / gradAccumSteps));
  try {
    const result = await trainRun({
      runFolder,
      config,
      model: model.module,
      loader,
      backend,
      loss: ({ images, shape, indices }, { epoch, random }) =>
        model.loss(tensor4d(images, [...shape]), { seed: config.seed, epoch, indices }, (place, image) =>
          random(`dropout ${place}`, indices[image] as number),
        ),
      ...(validation &&
        validateEveryEpochs !== undefined && {
          evaluate: {
            everySteps: validateEveryEpochs * stepsPerEpoch,
            run: async () => ({ loss: await validationLoss(model, validation, mesh) }),
          },
        }),
      learningRate: (config.optimizer.baseLearningRate * microBatchSize * gradAccumSteps) / 256,
      resume,
      strategy: divided.strategy,
      configMayChange: resumeMayChange,
      logger,
      ...(progressStream && { progressStream }),
    });
    mesh.free();
    return result;
  } finally {
    await loader.close();
    await validation?.close();
    divided.dispose();
    model.module.dispose();
  }
}

/** Reads the settings that a run was started with, and changes some of them. @throws {ConfigError} if it is no run. */
export const readPretrainConfig = (runFolder: string, overrides: readonly string[] = []): Promise<PretrainConfig> =>
  readRunConfig(pretrainConfig, runFolder, overrides);
