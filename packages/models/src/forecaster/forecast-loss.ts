import { ShapeError } from "@graticule/core";
import { latitudeWeightedMeanSquaredError } from "@graticule/ops";
import { addN, div, type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { EncodeOptions } from "../channel-vit/channel-encoder.js";
import type { Forecaster } from "./forecaster.js";
import { type RolloutOptions, rollout } from "./rollout.js";

export interface ForecastWeights {
  /** H values of mean 1, such as `latitudeWeights` gives. */
  readonly latitudeWeights: readonly number[];
  /** V values. Default: 1 for each. */
  readonly variableWeights?: readonly number[];
}

/**
 * Latitude-weighted squared error of one forecast.
 *
 * Shape: images `[B, C, H, W]`, targets `[B, V, H, W]` → scalar.
 * Source: Nguyen et al. 2023 (ClimaX), eq. 1, arXiv:2301.10343.
 *
 * @throws {ShapeError} if images, targets and weights don't fit the model.
 */
export function forecastLoss(
  model: Forecaster,
  images: Tensor,
  targets: Tensor,
  options: EncodeOptions & ForecastWeights,
): Scalar {
  return tidy(() => weightedError(model.forward(images, options), targets, options));
}

/**
 * Mean over the steps of a rollout of their latitude-weighted squared errors, with gradients through all steps.
 *
 * Shape: images `[B, C, H, W]`, k targets `[B, V, H, W]` → scalar.
 *
 * @throws {ShapeError} if images, targets and weights don't fit the model and the steps.
 */
export function rolloutLoss(
  model: Forecaster,
  images: Tensor,
  targets: readonly Tensor[],
  options: Omit<RolloutOptions, "steps"> & ForecastWeights,
): Scalar {
  if (targets.length === 0) throw new ShapeError("rolloutLoss", "targets of at least one step", "none");
  return tidy(() => {
    const predictions = rollout(model, images, { ...options, steps: targets.length });
    const errors = predictions.map((prediction, step) => weightedError(prediction, targets[step] as Tensor, options));
    return div(addN(errors), errors.length);
  });
}

function weightedError(prediction: Tensor, target: Tensor, weights: ForecastWeights): Scalar {
  const { latitudeWeights, variableWeights } = weights;
  return latitudeWeightedMeanSquaredError(prediction, target, latitudeWeights, variableWeights && { variableWeights });
}
