import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { maeConfigFor, readConfig } from "@graticule/classify";
import { type PlainData, printConfig } from "@graticule/config";
import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import { maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
import { applyRecompute } from "@graticule/nn";
import { makeAdamW, warmupCosine, weightDecayGroups } from "@graticule/optim";
import { findLatestCheckpoint, openBackend, type TrainOptions, type TrainResult, train } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import { type PretrainConfig, pretrainConfig, resumeMayChange } from "./pretrain-config.js";
import { measureTrainingChannels, openTrainingLoader } from "./pretraining-data.js";

const CONFIG_FILE = "config.yaml";

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
  const { logger = silentLogger, resume = false, progressStream = nowhere() } = options;
  const backend = await openBackend(config.backend, logger);
  const existing = resume ? await findLatestCheckpoint(runFolder, logger) : undefined;
  const schema = existing?.state.schema ?? (await measureTrainingChannels(config));
  const loader = await openTrainingLoader(config, schema, logger);
  const modelConfig = maeConfigFor(config.model, schema.length);
  const model = makeMae(modelConfig, { seed: config.seed });
  if (config.train.recompute) applyRecompute(model, config.train.recompute);

  const { gradAccumSteps, epochs, microBatchSize } = config.train;
  const totalSteps = Math.max(1, Math.floor((epochs * loader.batchesPerEpoch) / gradAccumSteps));
  const { baseLearningRate, minLearningRate, weightDecay, betas, epsilon, warmupFraction, clipNorm } = config.optimizer;
  const optimizer = makeAdamW({ groups: weightDecayGroups(model, weightDecay), betas, epsilon });
  const learningRate = warmupCosine({
    baseLr: (baseLearningRate * microBatchSize * gradAccumSteps) / 256,
    warmupSteps: Math.floor(warmupFraction * totalSteps),
    totalSteps,
    minLr: minLearningRate,
  });
  await mkdir(runFolder, { recursive: true });
  await writeFile(join(runFolder, CONFIG_FILE), printConfig(config));
  const parameters = model.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);
  logger.info(
    `${loader.length} images, ${schema.length} channels · ${(parameters / 1e6).toFixed(2)} M parameters · ${totalSteps} steps of ${microBatchSize * gradAccumSteps} images on ${backend.name} (${backend.precision})`,
  );

  try {
    return await train({
      runFolder,
      model,
      optimizer,
      loader,
      loss: ({ images, shape, indices }, { epoch }) => {
        const { maskRatio, normPix } = config.model;
        const mask = makeMaeMask({ seed: config.seed, epoch, indices, numTokens: numPatches(modelConfig), maskRatio });
        return maeLoss(model, tensor4d(images, [...shape]), mask, { normPix });
      },
      learningRate,
      seed: config.seed,
      totalSteps,
      gradAccumSteps,
      ...(clipNorm !== undefined && { clipNorm }),
      config: config as PlainData,
      resume,
      configMayChange: resumeMayChange,
      saveEverySteps: config.train.checkpointEverySteps,
      keepCheckpoints: config.train.keepCheckpoints,
      logEverySteps: config.train.logEverySteps,
      ...(backend.memory && { memory: backend.memory }),
      logger,
      progressStream,
    });
  } finally {
    await loader.close();
    model.dispose();
    optimizer.dispose();
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/**
 * Reads the settings that a run was started with, and changes some of them.
 *
 * @throws {ConfigError} if the folder holds no run.
 */
export async function readRunConfig(runFolder: string, overrides: readonly string[] = []): Promise<PretrainConfig> {
  const path = join(runFolder, CONFIG_FILE);
  await readFile(path).catch((cause) => {
    throw new ConfigError(`${runFolder}: expected a run with a ${CONFIG_FILE}, got none. Name the folder of a run.`, {
      cause,
    });
  });
  return readConfig(pretrainConfig, { files: [path], overrides });
}
