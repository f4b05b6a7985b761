import { ConfigError, type Logger, MismatchError } from "@graticule/core";
import { assertSameSchema, type ChannelSchema } from "@graticule/data";
import { type ForecastSamples, openForecastSamples } from "@graticule/data-era5";
import { AnomalyForecaster, ensembleInputs } from "@graticule/models";
import { findLatestCheckpoint, loadCheckpoint, openBackend, weightsDigest } from "@graticule/train";
import { dispose, type Tensor4D, tensor2d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { loadBest, readBest } from "../training/best-weights.js";
import { forecastModelConfig, samplesOptions } from "../training/forecast-model.js";
import type { TrainConfig } from "../training/train-config.js";
import { readTrainConfig } from "../training/train-forecaster.js";
import type { EnsembleChoice } from "./ensemble-choice.js";

/** States that are known already, by their time; normalized, `[S, H, W]`. */
export type KnownStates = ReadonlyMap<number, Float32Array>;

/** A trained forecaster on a store. */
export interface ForecastRun {
  readonly folder: string;
  readonly config: TrainConfig;
  readonly samples: ForecastSamples;
  /** What is predicted, with units and scales. */
  readonly channels: ChannelSchema;
  /** SHA-256 of the weights. */
  readonly checkpoint: string;
  readonly step: number;
  /** Whether it was trained as an ensemble, with latent noise. */
  readonly hasNoise: boolean;
  /**
   * Predicts all targets, normalized, from the store's states or from given ones. Shape: `[V, H, W]`.
   *
   * @throws {RangeError} if the store lacks a state that is needed.
   */
  predict(startHours: number, leadTimeHours: number, known?: KnownStates): Promise<Float32Array>;
  /**
   * Predicts with all members of an ensemble. What sets them apart depends on seed and start, not on the lead time.
   *
   * Shape: M of `[V, H, W]`, normalized. @throws {RangeError} if nothing sets them apart, or the store lacks a state.
   */
  predictMembers(startHours: number, leadTimeHours: number, ensemble: EnsembleChoice): Promise<Float32Array[]>;
  /** From normalized to the channels' own units. */
  denormalize(fields: Float32Array): Float32Array;
  close(): Promise<void>;
}

/** A run's model with the weights that it forecasts with. */
export interface LoadedForecaster extends Pick<ForecastRun, "config" | "samples" | "checkpoint" | "step"> {
  readonly model: AnomalyForecaster;
}

/**
 * Loads a run's best weights, or its newest where it was never validated. The caller closes samples and model.
 *
 * @throws as `openForecastRun`.
 */
export async function loadForecaster(
  folder: string,
  overrides: readonly string[] = [],
  logger?: Logger,
): Promise<LoadedForecaster> {
  const config = await readTrainConfig(folder, overrides);
  await openBackend(config.backend, logger);
  const checkpoint = await findLatestCheckpoint(folder);
  if (!checkpoint)
    throw new ConfigError(
      `${folder}: expected a checkpoint, got none yet. Train it: graticule-forecast resume ${folder}`,
    );
  const samples = await openForecastSamples(samplesOptions(config, "train"));
  assertSameSchema(checkpoint.state.schema, samples.schema);
  const model = new AnomalyForecaster(forecastModelConfig(config, samples));
  const best = await readBest(folder);
  if (best) await loadBest(folder, model);
  else await loadCheckpoint(checkpoint, { model });
  return {
    ...{ config, samples, model },
    checkpoint: best?.sha256 ?? weightsDigest(checkpoint.state),
    step: best?.step ?? checkpoint.state.step,
  };
}

/**
 * Opens a training run with its best weights, or its newest where it was never validated.
 *
 * @param overrides changes to its settings, e.g. `store=other`, `backend.threads=2`.
 * @throws {ConfigError} if the folder holds no trained run. @throws {MismatchError} if the store's scales are others than
 * those that the run was trained with.
 */
export async function openForecastRun(
  folder: string,
  overrides: readonly string[] = [],
  logger?: Logger,
): Promise<ForecastRun> {
  const { config, samples, model, checkpoint, step } = await loadForecaster(folder, overrides, logger);
  const { height, width } = { height: samples.grid.latitudes.length, width: samples.grid.longitudes.length };
  const plane = height * width;
  const stateSize = samples.stateChannels * plane;
  const pixels = new Float32Array(samples.schema.length * plane);

  const { noiseDim } = model.config;
  async function readInput(startHours: number, leadTimeHours: number, known?: KnownStates): Promise<Tensor4D> {
    for (const [place, offset] of [0, ...config.data.historyHours].entries()) {
      const part = pixels.subarray(place * stateSize, (place + 1) * stateSize);
      const state = known?.get(startHours - offset);
      if (state) part.set(state);
      else await samples.readState(startHours - offset, part);
    }
    samples.fillForcings(pixels, { startHours, targetHours: startHours + leadTimeHours });
    return tensor4d(pixels, [1, samples.schema.length, height, width]);
  }

  return {
    folder,
    config,
    samples,
    channels: samples.targetSchema,
    checkpoint,
    step,
    hasNoise: noiseDim > 0,
    async predict(startHours, leadTimeHours, known) {
      const images = await readInput(startHours, leadTimeHours, known);
      // A latent vector of zeros is the middle of an ensemble.
      const prediction = tidy(() =>
        model.forward(images, {
          leadTimeHours: [leadTimeHours],
          startHours: [startHours],
          ...(noiseDim > 0 && { noise: tensor2d(new Float32Array(noiseDim), [1, noiseDim]) }),
        }),
      );
      const values = (await prediction.data()) as Float32Array;
      dispose([images, prediction]);
      return values.slice();
    },
    async predictMembers(startHours, leadTimeHours, { members, inputNoise = 0, seed }) {
      const images = await readInput(startHours, leadTimeHours);
      const states = (1 + config.data.historyHours.length) * samples.stateChannels;
      const deviations = samples.schema.map((_, channel) => (channel < states ? inputNoise : 0));
      const prediction = tidy(() => {
        const inputs = ensembleInputs(model, images, {
          ...{ members, seed, draw: Math.round(startHours) },
          ...(inputNoise > 0 && { inputNoise: deviations }),
        });
        return model.forward(inputs.images, {
          leadTimeHours: new Array<number>(members).fill(leadTimeHours),
          startHours: new Array<number>(members).fill(startHours),
          ...(inputs.noise && { noise: inputs.noise }),
        });
      });
      const values = (await prediction.data()) as Float32Array;
      const size = values.length / members;
      const fields = Array.from({ length: members }, (_, member) => values.slice(member * size, (member + 1) * size));
      dispose([images, prediction]);
      return fields;
    },
    denormalize: (fields) =>
      fields.map((value, at) => {
        const { mean = 0, std = 1 } = samples.targetSchema[Math.floor(at / plane)] ?? {};
        return value * std + mean;
      }),
    async close() {
      model.dispose();
      await samples.close();
    },
  };
}

/** @throws {MismatchError} unless the run predicts every channel that it reads, so that it can go on from its own output. */
export function assertClosed({ samples, channels, folder }: ForecastRun): void {
  const inputs = samples.schema.slice(0, samples.stateChannels).map(({ name }) => name);
  const outputs = channels.map(({ name }) => name);
  if (inputs.join() !== outputs.join())
    throw new MismatchError(
      folder,
      `a run that predicts all of its inputs (${inputs.join(", ")}), in their order, to go on from its own forecasts`,
      outputs.join(", "),
      "Leave --steps out: each lead time is then forecast directly.",
    );
}
