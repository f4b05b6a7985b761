import { readRunConfig } from "@graticule/classify";
import { ConfigError, type Logger, type makeRandom, silentLogger } from "@graticule/core";
import { type Batch, makeLoader } from "@graticule/data";
import {
  type ForecastSamples,
  forecastSamplesSpec,
  openForecastSamples,
  openWeatherStore,
  readStatistics,
} from "@graticule/data-era5";
import { type AnomalyForecaster, makeAnomalyForecaster } from "@graticule/models";
import type { DropoutStreams } from "@graticule/nn";
import { latitudeWeights } from "@graticule/ops";
import { findLatestCheckpoint, openBackend, type TrainOptions, type TrainResult, trainRun } from "@graticule/train";
import { dispose, type Tensor, tensor, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { type BestValidation, loadBest, readBest, writeBest } from "./best-weights.js";
import { fitAnomalyBase } from "./fit-anomaly-base.js";
import { fitCorrectionGate } from "./fit-correction-gate.js";
import { forecastModelConfig, isEnsemble, samplesOptions } from "./forecast-model.js";
import { resumeMayChange, type TrainConfig, trainConfig } from "./train-config.js";

/** Draws of lead times of each validation sample. */
const VALIDATION_DRAWS = 4;

/**
 * Trains a forecaster into a run folder, or continues the run that is there. After each validation the best weights so
 * far are kept as `best.safetensors`.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the store.
 */
export async function trainForecaster(
  runFolder: string,
  config: TrainConfig,
  options: {
    readonly resume?: boolean;
    readonly logger?: Logger;
    /** Where to show progress; nowhere unless given. */
    readonly progressStream?: NonNullable<TrainOptions["progressStream"]>;
  } = {},
): Promise<TrainResult & { readonly best: BestValidation | undefined }> {
  const { logger = silentLogger, resume = false } = options;
  const { seed } = config;
  const { microBatchSize, gradAccumSteps, validateEveryEpochs, patienceEpochs } = config.train;
  const backend = await openBackend(config.backend, logger);
  const samples = await openForecastSamples(samplesOptions(config, "train"));
  const validation = await openValidation(config, logger);
  const modelConfig = forecastModelConfig(config, samples);
  const base = await fitAnomalyBase([samples], config.model.residual, modelConfig);
  const model = makeAnomalyForecaster(modelConfig, base, { seed });
  const loader = await makeLoader({
    dataset: forecastSamplesSpec(samplesOptions(config, "train")),
    batchSize: microBatchSize,
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

  let best = resume ? await bestUpTo(runFolder) : undefined;
  let validatedStep = 0;
  const patience = patienceEpochs === undefined ? Number.POSITIVE_INFINITY : patienceEpochs * stepsPerEpoch;
  try {
    const result = await trainRun({
      runFolder,
      config,
      model,
      loader,
      backend,
      loss: (batch, { random }) => {
        const [count, , , width] = batch.shape;
        const turn = config.augment.turn ? random("turn", batch.start).integer(width) : 0;
        const noise = config.augment.inputNoise;
        if (noise > 0) addNoise(batch.images, noise, random("input noise", batch.start));
        const dropout = (place: string, image: number) =>
          random(`dropout ${place}`, batch.indices[image % count] as number, Math.floor(image / count));
        return tidy(() =>
          batchLoss(model, batch, { config, weights, turn, draw: batch.start, training: true, dropout }),
        );
      },
      learningRate: config.optimizer.learningRate,
      resume,
      configMayChange: resumeMayChange,
      ...(validation && {
        evaluate: {
          everySteps: validateEveryEpochs * stepsPerEpoch,
          run: async (step) => {
            const loss = await validationLoss(model, validation, config, weights);
            if (best === undefined || loss < best.loss)
              best = await writeBest(runFolder, model, { step, loss, calibrated: false });
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
      await loadBest(runFolder, model);
      model.gate.assign(await fitCorrectionGate(model, validation, weights.latitudeWeights));
      // The dates of the validation have done their work: what needs no choice is measured on them too.
      const { climatology, persistence } = await fitAnomalyBase(
        [samples, validation],
        config.model.residual,
        modelConfig,
      );
      model.climatology.assign(climatology);
      model.persistence.assign(persistence);
      best = await writeBest(runFolder, model, { ...best, calibrated: true });
    }
    return { ...result, best };
  } finally {
    await loader.close();
    await samples.close();
    await validation?.close();
    model.dispose();
  }
}

interface LossWeights {
  readonly latitudeWeights: readonly number[];
  readonly variableWeights: readonly number[];
}

interface LossOptions {
  readonly config: TrainConfig;
  readonly weights: LossWeights;
  readonly turn: number;
  /** Which noise the members of an ensemble get. */
  readonly draw: number;
  readonly training: boolean;
  /** For training alone. */
  readonly dropout?: DropoutStreams;
}

function lossWeights(config: TrainConfig, { grid, targetSchema }: ForecastSamples): LossWeights {
  const given = config.loss.variableWeights;
  const names = targetSchema.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`loss.variableWeights: expected targets (${names.join(", ")}), got '${unknown}'.`);
  return {
    latitudeWeights: latitudeWeights(Array.from(grid.latitudes)),
    variableWeights: names.map((name) => given[name] ?? 1),
  };
}

function batchLoss(
  model: AnomalyForecaster,
  { images, shape, arrays }: Pick<Batch, "images" | "shape" | "arrays">,
  { config, weights, turn, draw, training, dropout }: LossOptions,
) {
  const array = (name: string): Tensor => {
    const { data, shape } = arrays[name] as Batch["arrays"][string];
    return tensor(data, [...shape]);
  };
  const inputs = [tensor4d(images, [...shape]), array("target"), array("targetMask")] as const;
  const options = {
    leadTimeHours: (arrays.leadTimeHours as Batch["arrays"][string]).data,
    startHours: (arrays.startHours as Batch["arrays"][string]).data,
    turn,
    ...weights,
    ...(dropout && { dropout }),
  };
  if (!isEnsemble(config)) return model.loss(...inputs, { ...options, training });
  return model.ensembleLoss(...inputs, { ...options, members: config.ensemble.members, seed: config.seed, draw });
}

/** Adds noise to the pixels of a batch that nothing reads again. */
function addNoise(pixels: Float32Array, deviation: number, random: ReturnType<typeof makeRandom>): void {
  for (let at = 0; at < pixels.length; at++) pixels[at] = (pixels[at] as number) + deviation * random.normal();
}

/** The samples of split `val`, if the store has it. */
async function openValidation(config: TrainConfig, logger: Logger): Promise<ForecastSamples | undefined> {
  const store = await openWeatherStore(config.store);
  const { splits } = await readStatistics(store).finally(() => store.close());
  if (splits.val) return openForecastSamples(samplesOptions(config, "val"));
  logger.warn("the store has no split 'val': training goes on to its last epoch, and its last weights are used.");
  return undefined;
}

/** Mean loss over all validation samples, each with the same few lead times every time. */
async function validationLoss(
  model: AnomalyForecaster,
  samples: ForecastSamples,
  config: TrainConfig,
  weights: LossWeights,
): Promise<number> {
  const batchSize = config.train.microBatchSize;
  const all = Array.from({ length: samples.length * VALIDATION_DRAWS }, (_, at) => at);
  let sum = 0;
  for (let first = 0; first < all.length; first += batchSize) {
    const places = all.slice(first, first + batchSize);
    const read = await Promise.all(
      places.map((at) => samples.read(at % samples.length, { seed: 0, epoch: Math.floor(at / samples.length) })),
    );
    const stack = (pick: (sample: (typeof read)[number]) => { data: Float32Array; shape: readonly number[] }) => {
      const parts = read.map(pick);
      const size = parts[0]?.data.length ?? 0;
      const data = new Float32Array(size * parts.length);
      for (const [at, part] of parts.entries()) data.set(part.data, at * size);
      return { data, shape: [parts.length, ...(parts[0]?.shape ?? [])] };
    };
    const images = stack(({ pixels, shape }) => ({ data: pixels, shape }));
    const names = ["target", "targetMask", "leadTimeHours", "startHours"];
    const arrays = Object.fromEntries(names.map((name) => [name, stack((sample) => sample.arrays?.[name] as never)]));
    const loss = batchLoss(
      model,
      { images: images.data, shape: images.shape as unknown as Batch["shape"], arrays },
      { config, weights, turn: 0, draw: first, training: false },
    );
    sum += ((await loss.data())[0] as number) * places.length;
    dispose(loss);
  }
  return sum / all.length;
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
