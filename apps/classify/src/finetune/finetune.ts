import { setAdapterDropout, type TrainableParameters, trainableParameters } from "@graticule/adapters";
import { ConfigError, silentLogger } from "@graticule/core";
import { type Classifier, vitLayerDecay } from "@graticule/models";
import { soloCommunicator } from "@graticule/mpi";
import { findLatestCheckpoint, openBackend, type TrainResult, trainRun } from "@graticule/train";
import { tensor4d, tidy } from "@tensorflow/tfjs-core";
import { openPretrainedRun } from "../encoder.js";
import { divideModel } from "../ranks/divide-model.js";
import { shareOf } from "../ranks/rank-share.js";
import type { RanksRunOptions } from "../ranks/ranks-run-options.js";
import { fromFirstRank } from "../ranks/share-values.js";
import { readRunConfig } from "../read-config.js";
import { AveragedModel } from "./averaged-model.js";
import { type KeptWeights, keepBest, readBest } from "./best-weights.js";
import { makeClassificationLoss } from "./classification-loss.js";
import { type FinetuneConfig, finetuneConfig, finetuneMayChange, learningRateOf } from "./finetune-config.js";
import { type SavedClassifier, saveTuned } from "./save-tuned.js";
import { scoreClassifier } from "./score-classifier.js";
import { classifierDivision, makeTunedModel } from "./tuned-model.js";
import { countLabels, findSplits, openHeldOutImages, openTrainingImages } from "./tuning-data.js";

/** What a fine-tuning run has come to. */
export interface FinetuneResult extends TrainResult {
  readonly trainable: TrainableParameters;
  /** The best weights and their scores; undefined if a signal ended the run before its end. */
  readonly saved: SavedClassifier | undefined;
}

/**
 * Trains a classifier on the encoder of a run, or continues the run that is there, and leaves its best weights in
 * `RUN/tuned`, adapters merged.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the data or the ranks.
 */
export async function finetune(
  runFolder: string,
  config: FinetuneConfig,
  options: RanksRunOptions = {},
): Promise<FinetuneResult> {
  const { world = soloCommunicator(), resume = false, progressStream } = options;
  const share = await shareOf(world, config, options.logger ?? silentLogger);
  const { logger, mesh } = share;
  const backend = await openBackend(share.backend, logger);
  const existing = resume ? await findLatestCheckpoint(runFolder, silentLogger) : undefined;
  const pretrained = existing ? undefined : await openPretrainedRun(config.from);
  const schema = (existing ?? pretrained?.checkpoint)?.state.schema ?? [];
  const splits = await findSplits(config);
  if (splits.validation === splits.evaluation)
    logger.warn(
      `weights are chosen and scored on the same images, split '${splits.evaluation}', so that scores come out too high: the data have no other held-out split`,
    );
  const loader = await openTrainingImages(config, schema, share);
  const validation = await openHeldOutImages(config, splits.validation, schema, share);
  checkClasses(loader.classNames, validation.classNames);
  const model = await makeTunedModel(config, schema, loader.classNames.length, pretrained);
  const trainable = trainableParameters(model);
  const { gradAccumSteps, validateEveryEpochs, monitor, recompute } = config.train;
  const { parallel, tune } = config;
  const divided = divideModel(model, mesh, classifierDivision, { parallel, recompute, logger });
  const { strategy } = divided;
  const stepsPerEpoch = Math.max(1, Math.floor(loader.batchesPerEpoch / gradAccumSteps));
  const average = averageOf(model, config);
  const { classNames } = loader;
  const counts = config.loss.classWeights === "balanced" ? await countLabels(config, classNames.length) : [];
  const lossOf = makeClassificationLoss(config.loss, classNames, counts);
  const setDropout = (streams: Parameters<typeof setAdapterDropout>[1]): void => {
    if (tune.method === "lora") setAdapterDropout(model, streams);
  };

  const lastStep = existing?.state.step ?? 0;
  const { patienceEpochs = Number.POSITIVE_INFINITY } = config.train;
  let validatedStep = 0;
  let best: readonly KeptWeights[] = await fromFirstRank(world, () => readBest(runFolder, lastStep));
  try {
    const result = await trainRun({
      runFolder,
      config,
      model: average ?? model,
      loader,
      backend,
      loss: ({ images, shape, labels, indices, arrays }, { random }) => {
        const streams = (place: string, image: number) => random(`dropout ${place}`, indices[image] as number);
        setDropout(streams);
        return tidy(() => lossOf(model.forward(tensor4d(images, [...shape]), streams), labels, arrays.mix?.data));
      },
      evaluate: {
        everySteps: validateEveryEpochs * stepsPerEpoch,
        run: async (step) => {
          setDropout(undefined);
          average?.exchange();
          const { loss, metrics, calibration } = await scoreClassifier(model, validation, strategy);
          const { top1, top5, macroF1, microF1 } = metrics;
          const scores = { loss, top1, top5, macroF1, microF1, calibrationError: calibration.expectedError };
          const score = monitor === "loss" ? -loss : scores[monitor];
          const { keepBest: count } = config.train;
          best = await keepBest(runFolder, model, { step, score, loss, count }, best, strategy);
          average?.exchange();
          validatedStep = step;
          return scores;
        },
        endsRun: () => validatedStep - (best[0]?.step ?? 0) >= patienceEpochs * stepsPerEpoch,
      },
      ...(average && { afterUpdate: (step: number) => average.update(step) }),
      learningRate: learningRateOf(config),
      learningRateScale: vitLayerDecay(config.model.depth, config.optimizer.layerDecay),
      resume,
      strategy,
      configMayChange: finetuneMayChange,
      logger,
      ...(progressStream && { progressStream }),
    });
    const saved = await fromFirstRank(world, async () =>
      result.stopped
        ? undefined
        : saveTuned(runFolder, config, { best, classNames, schema, split: splits.evaluation, logger }),
    );
    mesh.free();
    return { ...result, trainable, saved };
  } finally {
    await loader.close();
    await validation.close();
    divided.dispose();
    average?.disposeAverages();
    model.dispose();
  }
}

/** @throws {ConfigError} if ranks hold the model in parts. */
function averageOf(model: Classifier, { train, parallel }: FinetuneConfig): AveragedModel | undefined {
  if (train.averageDecay === undefined) return undefined;
  if (parallel.tp > 1 || parallel.sharding !== "NO_SHARD")
    throw new ConfigError(
      `train.averageDecay: expected each rank to hold the whole model, got parallel.tp ${parallel.tp} and parallel.sharding ${parallel.sharding}. Leave the average out, or replicate the model.`,
    );
  return new AveragedModel(model, train.averageDecay);
}

function checkClasses(trained: readonly string[], heldOut: readonly string[] = []): void {
  if (`${trained}` !== `${heldOut}`)
    throw new ConfigError(
      `finetune: expected the same classes in all splits, got ${trained.join(", ")} for training and ${heldOut.join(", ") || "none"} held out.`,
    );
}

/** Reads the settings that a run was started with, and changes some of them. @throws {ConfigError} if it is no run. */
export const readFinetuneConfig = (runFolder: string, overrides: readonly string[] = []): Promise<FinetuneConfig> =>
  readRunConfig(finetuneConfig, runFolder, overrides);
