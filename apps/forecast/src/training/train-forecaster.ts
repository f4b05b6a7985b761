import {
  arraysFromFirstRank,
  divideModel,
  fromFirstRank,
  type RanksRunOptions,
  readRunConfig,
  shareOf,
} from "@graticule/classify";
import { type Logger, silentLogger } from "@graticule/core";
import { type Batch, makeLoader } from "@graticule/data";
import {
  type ForecastSamples,
  forecastSamplesSpec,
  openForecastSamples,
  openWeatherStore,
  readStatistics,
} from "@graticule/data-era5";
import { type AnomalyBase, type AnomalyForecasterConfig, makeAnomalyForecaster } from "@graticule/models";
import { type Communicator, soloCommunicator } from "@graticule/mpi";
import { deferInitialization } from "@graticule/nn";
import {
  assignParameter,
  findLatestCheckpoint,
  type LossContext,
  openBackend,
  type TrainResult,
  trainRun,
} from "@graticule/train";
import { tidy } from "@tensorflow/tfjs-core";
import { batchLoss, lossWeights } from "./batch-loss.js";
import { type BestValidation, loadBest, readBest, writeBest } from "./best-weights.js";
import { fitAnomalyBase } from "./fit-anomaly-base.js";
import { fitCorrectionGate } from "./fit-correction-gate.js";
import { forecasterDivision, forecastModelConfig, isEnsemble, samplesOptions } from "./forecast-model.js";
import { resumeMayChange, type TrainConfig, trainConfig } from "./train-config.js";
import { validationLoss } from "./validation-loss.js";

/**
 * Trains a forecaster into a run folder, or continues the run that is there. After each validation the best weights so
 * far are kept as `best.safetensors`.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the store or the ranks.
 */
export async function trainForecaster(
  runFolder: string,
  config: TrainConfig,
  options: RanksRunOptions = {},
): Promise<TrainResult & { readonly best: BestValidation | undefined }> {
  const { world = soloCommunicator(), resume = false } = options;
  const { seed, parallel } = config;
  const { microBatchSize, gradAccumSteps, validateEveryEpochs, patienceEpochs, recompute } = config.train;
  const share = await shareOf(world, config, options.logger ?? silentLogger);
  const { mesh, logger, batchSize, shard } = share;
  const backend = await openBackend(share.backend, logger);
  const samples = await openForecastSamples(samplesOptions(config, "train"));
  const modelConfig = forecastModelConfig(config, samples);
  const base = await sharedBase(world, [samples], config, modelConfig);
  const model = deferInitialization(() => makeAnomalyForecaster(modelConfig, base, { seed }));
  const divided = divideModel(model, mesh, forecasterDivision(config), { parallel, recompute, logger });
  const { strategy } = divided;
  const held = model.heldChannels;
  const { length: channels } = samples.schema;
  if (held.length < channels) logger.info(`rank 0 has ${held.length} of ${channels} channels, others their own`);
  const validation = await openValidation(config, held, logger);
  const loader = await makeLoader({
    dataset: forecastSamplesSpec(samplesOptions(config, "train", held)),
    batchSize,
    shard,
    seed,
    shuffle: true,
    dropLast: samples.length >= microBatchSize,
    transforms: [],
    numWorkers: config.loader.numWorkers,
    prefetchBatches: config.loader.prefetchBatches,
    onCorrupt: "fail",
    logger,
  });
  const stepsPerEpoch = Math.max(1, Math.floor(loader.batchesPerEpoch / gradAccumSteps));
  const weights = lossWeights(config, samples);
  logger.info(`${validation?.length ?? 0} samples for validation`);

  let best = resume ? await fromFirstRank(world, () => bestUpTo(runFolder)) : undefined;
  let validatedStep = 0;
  const patience = patienceEpochs === undefined ? Number.POSITIVE_INFINITY : patienceEpochs * stepsPerEpoch;
  try {
    const result = await trainRun({
      runFolder,
      config,
      model,
      loader,
      backend,
      strategy,
      loss: (batch, { epoch, random }) => {
        const [count, , , width] = batch.shape;
        const turn = config.augment.turn ? random("turn", batch.start).integer(width) : 0;
        addNoise(batch, held, config.augment.inputNoise, random);
        const dropout = (place: string, image: number) =>
          random(`dropout ${place}`, batch.indices[image % count] as number, Math.floor(image / count));
        const draws = { turn, draw: epoch, imageKeys: batch.indices, dropout };
        return tidy(() => batchLoss(model, batch, { config, weights, training: true, ...draws }));
      },
      learningRate: config.optimizer.learningRate,
      resume,
      configMayChange: resumeMayChange,
      ...(validation && {
        evaluate: {
          everySteps: validateEveryEpochs * stepsPerEpoch,
          run: async (step) => {
            const loss = await validationLoss(model, validation, { config, weights, mesh });
            if (best === undefined || loss < best.loss)
              best = await writeBest(runFolder, model, { step, loss, calibrated: false }, strategy);
            validatedStep = step;
            return { loss };
          },
          endsRun: () => best !== undefined && validatedStep - best.step >= patience,
        },
      }),
      logger,
      ...(options.progressStream && { progressStream: options.progressStream }),
    });
    if (validation && best && !result.stopped && config.train.calibrate && !isEnsemble(config) && !best.calibrated) {
      await loadBest(runFolder, model, strategy);
      strategy.beforeForward();
      const gate = await fitCorrectionGate(model, validation, weights.latitudeWeights, mesh);
      // The dates of the validation have done their work: what needs no choice is measured on them too.
      const { climatology, persistence } = await sharedBase(world, [samples, validation], config, modelConfig);
      for (const [path, values] of Object.entries({ gate, climatology, persistence }))
        assignParameter(model, path, values, strategy);
      best = await writeBest(runFolder, model, { ...best, calibrated: true }, strategy);
    }
    mesh.free();
    return { ...result, best };
  } finally {
    await loader.close();
    await samples.close();
    await validation?.close();
    divided.dispose();
    model.dispose();
  }
}

/** As `fitAnomalyBase`; rank 0 measures. Collective. */
function sharedBase(
  world: Communicator,
  splits: readonly [ForecastSamples, ...ForecastSamples[]],
  { model: { residual } }: TrainConfig,
  modelConfig: AnomalyForecasterConfig,
): Promise<AnomalyBase> {
  const { hoursOfDay, stateChannels, imageSize, leadTimesHours, targets } = modelConfig;
  const table = leadTimesHours.length * targets.length;
  const climatology = hoursOfDay.length * stateChannels * imageSize[0] * imageSize[1];
  return arraysFromFirstRank(world, { climatology, persistence: table, scale: table }, () =>
    fitAnomalyBase(splits, residual, modelConfig),
  );
}

/** Adds noise to the pixels of a batch that nothing reads again, by a stream for each sample and channel. */
function addNoise(
  { images, indices, shape: [, channels, height, width] }: Batch,
  places: readonly number[],
  deviation: number,
  random: LossContext["random"],
): void {
  if (deviation === 0) return;
  const plane = height * width;
  for (const [image, index] of indices.entries())
    for (let channel = 0; channel < channels; channel++) {
      const stream = random("input noise", index, places[channel] as number);
      const first = (image * channels + channel) * plane;
      for (let at = first; at < first + plane; at++) images[at] = (images[at] as number) + deviation * stream.normal();
    }
}

/** The samples of split `val`, if the store has it. */
async function openValidation(
  config: TrainConfig,
  heldChannels: readonly number[],
  logger: Logger,
): Promise<ForecastSamples | undefined> {
  const store = await openWeatherStore(config.store);
  const { splits } = await readStatistics(store).finally(() => store.close());
  if (splits.val) return openForecastSamples(samplesOptions(config, "val", heldChannels));
  logger.warn("the store has no split 'val': training goes on to its last epoch, and its last weights are used.");
  return undefined;
}

/** The best validation of a run up to its newest checkpoint: what came after it is done again. */
async function bestUpTo(runFolder: string): Promise<BestValidation | undefined> {
  const best = await readBest(runFolder);
  const checkpoint = await findLatestCheckpoint(runFolder);
  return best && checkpoint && best.step <= checkpoint.state.step ? best : undefined;
}

/** Reads the settings that a run was started with, and changes some of them. @throws {ConfigError} if it is no run. */
export const readTrainConfig = (runFolder: string, overrides: readonly string[] = []): Promise<TrainConfig> =>
  readRunConfig(trainConfig, runFolder, overrides);
