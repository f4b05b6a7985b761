import { ConfigError } from "@graticule/core";
import type { Batch } from "@graticule/data";
import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyForecaster } from "@graticule/models";
import type { DropoutStreams } from "@graticule/nn";
import { latitudeWeights } from "@graticule/ops";
import { type Scalar, type Tensor, tensor, tensor4d } from "@tensorflow/tfjs-core";
import { isEnsemble } from "./forecast-model.js";
import type { TrainConfig } from "./train-config.js";

export interface LossWeights {
  readonly latitudeWeights: readonly number[];
  readonly variableWeights: readonly number[];
}

export interface LossOptions {
  readonly config: TrainConfig;
  readonly weights: LossWeights;
  readonly turn: number;
  /** Which noise the members of an ensemble get, and what tells the images' noise apart. */
  readonly draw: number;
  readonly imageKeys?: ArrayLike<number>;
  readonly training: boolean;
  /** For training alone. */
  readonly dropout?: DropoutStreams;
}

/** @throws {ConfigError} if a weight is of a channel that is not predicted. */
export function lossWeights(config: TrainConfig, { grid, targetSchema }: ForecastSamples): LossWeights {
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

/** Mean loss of a batch: squared error, or the CRPS of an ensemble. */
export function batchLoss(
  model: AnomalyForecaster,
  { images, shape, arrays }: Pick<Batch, "images" | "shape" | "arrays">,
  { config, weights, turn, draw, imageKeys, training, dropout }: LossOptions,
): Scalar {
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
  const members = { members: config.ensemble.members, seed: config.seed, draw, ...(imageKeys && { imageKeys }) };
  return model.ensembleLoss(...inputs, { ...options, ...members });
}
