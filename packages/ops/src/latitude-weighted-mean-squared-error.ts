import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel, runLazily } from "./fused.js";

export interface LatitudeWeightedErrorOptions {
  /** V factors. Default: 1 for each variable. */
  readonly variableWeights?: readonly number[];
}

/**
 * Weight of each row of a latitude-longitude grid: cos(latitude), divided by its mean over the rows.
 *
 * Units: degrees.
 * Source: Nguyen et al. 2023 (ClimaX), §3.3, arXiv:2301.10343.
 *
 * @throws {RangeError} if there is no latitude, or one outside of −90 … 90.
 */
export function latitudeWeights(latitudesDegrees: readonly number[]): number[] {
  const bad = latitudesDegrees.find((latitude) => !(Math.abs(latitude) <= 90));
  if (bad !== undefined || latitudesDegrees.length === 0)
    throw new RangeError(expectation("latitudeWeights", "latitudes from -90 to 90 degrees", `${bad ?? "none"}`));
  const cosines = latitudesDegrees.map((latitude) => Math.cos((latitude * Math.PI) / 180));
  const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
  return cosines.map((cosine) => cosine / mean);
}

/**
 * Mean over samples, variables and pixels of weight · (prediction − target)², where a pixel's weight is its row's times
 * its variable's. Weights are taken as they are: `latitudeWeights` gives those of mean 1.
 *
 * Shape: prediction and target `[B, V, H, W]`, weights H values → scalar.
 * Source: Nguyen et al. 2023 (ClimaX), eq. 1, arXiv:2301.10343.
 *
 * @throws {ShapeError} if the target has another shape, or there is not a weight for each row and each variable.
 */
export function latitudeWeightedMeanSquaredError(
  prediction: tf.Tensor,
  target: tf.Tensor,
  weights: readonly number[],
  { variableWeights }: LatitudeWeightedErrorOptions = {},
): tf.Scalar {
  const op = "latitudeWeightedMeanSquaredError";
  checkShape(op, "prediction", prediction, ["B", "V", "H", "W"]);
  checkShape(op, "target", target, prediction.shape);
  const [, variables, rows] = prediction.shape as [number, number, number, number];
  if (weights.length !== rows) throw new ShapeError(op, `${rows} latitude weights`, `${weights.length}`);
  const perVariable = variableWeights ?? new Array<number>(variables).fill(1);
  if (perVariable.length !== variables)
    throw new ShapeError(op, `${variables} variable weights`, `${perVariable.length}`);
  if (!hasKernel("FusedLatitudeError"))
    return composedLatitudeWeightedMeanSquaredError(prediction, target, weights, perVariable);
  return tf.tidy(() => {
    const inputs = {
      prediction,
      target,
      latitudeWeights: tf.tensor1d([...weights]),
      variableWeights: tf.tensor1d([...perVariable]),
    };
    return runLazily("FusedLatitudeError", inputs, {}, latitudeDerivative) as tf.Scalar;
  });
}

/** Targets are mostly constants. */
const latitudeDerivative: Omit<tf.GradConfig, "kernelName"> = {
  inputsToSave: ["prediction", "target", "latitudeWeights", "variableWeights"],
  gradFunc: (dy, [prediction, target, latitudeWeights, variableWeights]) => {
    const inputs = { dy, prediction, target, latitudeWeights, variableWeights } as tf.NamedTensorMap;
    const slope = () => runKernel("FusedLatitudeErrorGrad", inputs)[0] as tf.Tensor;
    return { prediction: slope, target: () => tf.neg(slope()) };
  },
};

export function composedLatitudeWeightedMeanSquaredError(
  prediction: tf.Tensor,
  target: tf.Tensor,
  weights: readonly number[],
  variableWeights: readonly number[],
): tf.Scalar {
  return tf.tidy(() => {
    const perRow = tf.tensor3d([...weights], [1, weights.length, 1]);
    const perVariable = tf.tensor3d([...variableWeights], [variableWeights.length, 1, 1]);
    const squares = tf.square(tf.sub(prediction, target));
    return tf.mean(tf.mul(squares, tf.mul(perVariable, perRow)));
  });
}
