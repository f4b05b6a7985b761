import { readRunConfig } from "@graticule/classify";
import { type Logger, silentLogger } from "@graticule/core";
import { type Communicator, soloCommunicator } from "@graticule/mpi";
import { findLatestCheckpoint, openBackend, type TrainOptions, type TrainResult, trainRun } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import { makeMaskedModel } from "./masked-model.js";
import { type PretrainConfig, pretrainConfig, resumeMayChange } from "./pretrain-config.js";
import { measureTrainingChannels, openTrainingLoader, openValidation } from "./pretraining-data.js";
import { shareOf } from "./rank-share.js";
import { validationLoss } from "./validation-loss.js";

/**
 * Pretrains a masked autoencoder into a run folder, or continues the run that is there.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the data or the ranks.
 */
export async function pretrain(
  runFolder: string,
  config: PretrainConfig,
  options: {
    /** The ranks that share the run; this process alone unless given. Every rank calls with the same arguments. */
    readonly world?: Communicator;
    readonly resume?: boolean;
    readonly logger?: Logger;
    /** Where to show progress; nowhere unless given. */
    readonly progressStream?: NonNullable<TrainOptions["progressStream"]>;
  } = {},
): Promise<TrainResult> {
  const { world = soloCommunicator(), resume = false, progressStream } = options;
  const share = shareOf(world, config, options.logger ?? silentLogger);
  const { logger } = share;
  const backend = await openBackend(share.backend, logger);
  const existing = resume ? await findLatestCheckpoint(runFolder, logger) : undefined;
  const schema = existing?.state.schema ?? (await measureTrainingChannels(config));
  const loader = await openTrainingLoader(config, schema, share);
  const model = makeMaskedModel(config.model, schema, config.seed);
  const validation = await openValidation(config, schema, logger);
  const { microBatchSize, gradAccumSteps, validateEveryEpochs } = config.train;
  const strategy = share.makeStrategy(model.module);
  const stepsPerEpoch = Math.max(1, Math.floor(loader.batchesPerEpoch / gradAccumSteps));
  try {
    return await trainRun({
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
            run: async () => ({ loss: await validationLoss(model, validation) }),
          },
        }),
      learningRate: (config.optimizer.baseLearningRate * microBatchSize * gradAccumSteps) / 256,
      resume,
      ...(strategy && { strategy }),
      configMayChange: resumeMayChange,
      logger,
      ...(progressStream && { progressStream }),
    });
  } finally {
    await loader.close();
    await validation?.close();
    model.module.dispose();
  }
}

/** Reads the settings that a run was started with, and changes some of them. @throws {ConfigError} if it is no run. */
export const readPretrainConfig = (runFolder: string, overrides: readonly string[] = []): Promise<PretrainConfig> =>
  readRunConfig(pretrainConfig, runFolder, overrides);
