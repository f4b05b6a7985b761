import { expectation, ShapeError } from "@graticule/core";
import {
  add,
  exp,
  mean,
  mul,
  neg,
  type Scalar,
  softplus,
  sub,
  type Tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";

export interface MultiLabelLossOptions {
  /** How much an image counts that has the class, by class; as one that has not unless given. */
  readonly positiveWeights?: Float32Array;
  /** γ of the focal loss, how much less counts what is right already; 0, the cross-entropy, unless given. */
  readonly gamma?: number;
}

/**
 * Binary cross-entropy of each class, or the focal loss, mean over images and classes: with p = sigmoid(logit)
 * −w·t·(1 − p)^γ·log p − (1 − t)·p^γ·log(1 − p).
 *
 * Shape: logits and targets `[B, K]`, targets from 0 to 1 → scalar.
 * Units: nats.
 * Source: Lin et al. 2017, eq. 4, arXiv:1708.02002; equals `torch.nn.BCEWithLogitsLoss(pos_weight=w)` for γ = 0.
 *
 * @throws {ShapeError} if targets have another shape, or there is not one weight for each class.
 * @throws {RangeError} if γ is negative.
 */
export function multiLabelLoss(
  logits: Tensor,
  targets: Tensor,
  { positiveWeights, gamma = 0 }: MultiLabelLossOptions = {},
): Scalar {
  if (`${targets.shape}` !== `${logits.shape}`)
    throw new ShapeError("multiLabelLoss", `targets of the logits' [${logits.shape}]`, `[${targets.shape}]`);
  if (positiveWeights && positiveWeights.length !== logits.shape.at(-1))
    throw new ShapeError("multiLabelLoss", `${logits.shape.at(-1)} positiveWeights`, `${positiveWeights.length}`);
  if (!(gamma >= 0)) throw new RangeError(expectation("multiLabelLoss", "a gamma of at least 0", `${gamma}`));
  return tidy(() => {
    const minusLogP = softplus(neg(logits)); // −log p
    const minusLogRest = softplus(logits); // −log(1 − p)
    const focused = (loss: Tensor, minusLogOther: Tensor): Tensor =>
      gamma === 0 ? loss : mul(exp(mul(minusLogOther, -gamma)), loss);
    const ofPositives = mul(targets, focused(minusLogP, minusLogRest));
    const weighted = positiveWeights ? mul(ofPositives, tensor1d(positiveWeights)) : ofPositives;
    return mean<Scalar>(add(weighted, mul(sub(1, targets), focused(minusLogRest, minusLogP))));
  });
}
