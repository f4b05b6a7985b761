import { expectation, ShapeError } from "@graticule/core";
import {
  abs,
  cast,
  div,
  isNaN as isMissing,
  logicalNot,
  minimum,
  mul,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";

/** Squared error, distance, or Huber's: half the square up to δ, then linear. */
export type RegressionLossKind = "mse" | "mae" | "huber";

export interface RegressionLossOptions {
  readonly kind: RegressionLossKind;
  /** δ of Huber's loss. 1 unless given. */
  readonly delta?: number;
  /** What the sum is divided by, for each image: how many targets an image has on average. All of its values unless given. */
  readonly targetsPerImage?: number;
}

/**
 * How far predictions are from targets; targets that are NaN don't count.
 *
 * Shape: predictions and targets `[B, ...]` → scalar.
 * Source: Huber 1964, doi:10.1214/aoms/1177703732; as `torch.nn.HuberLoss`.
 *
 * @throws {ShapeError} if targets have another shape. @throws {RangeError} if δ is not positive.
 */
export function regressionLoss(
  predictions: Tensor,
  targets: Tensor,
  { kind, delta = 1, targetsPerImage }: RegressionLossOptions,
): Scalar {
  if (`${targets.shape}` !== `${predictions.shape}`)
    throw new ShapeError("regressionLoss", `targets of the predictions' [${predictions.shape}]`, `[${targets.shape}]`);
  if (!(delta > 0)) throw new RangeError(expectation("regressionLoss", "a positive delta", `${delta}`));
  const images = predictions.shape[0] as number;
  return tidy(() => {
    const missing = isMissing(targets);
    const known = where(missing, zerosLike(targets), targets);
    const error = mul(sub(predictions, known), cast(logicalNot(missing), "float32"));
    return div<Scalar>(sum(lossOf(error, kind, delta)), images * (targetsPerImage ?? predictions.size / images));
  });
}

function lossOf(error: Tensor, kind: RegressionLossKind, delta: number): Tensor {
  if (kind === "mse") return square(error);
  if (kind === "mae") return abs(error);
  const distance = abs(error);
  const near = minimum(distance, delta);
  return mul(near, sub(distance, mul(near, 0.5)));
}
