import { focalLoss, softmaxCrossEntropy } from "@graticule/ops";
import { type Scalar, type Tensor, tensor2d } from "@tensorflow/tfjs-core";
import type { FinetuneConfig } from "../../finetune-config.js";
import { balancedByShare, classWeightsOf } from "../class-weights.js";

/** Mean loss of logits `[B, K]` against B labels, or what they were mixed with: the other's label and the own share, `[B, 2]`. */
export type ClassificationLoss = (logits: Tensor, labels: Int32Array, mix?: Float32Array) => Scalar;

/**
 * The loss that a run trains with. The mean is over images, whatever their classes weigh, so that it doesn't depend on how
 * ranks share a batch.
 *
 * @throws {ConfigError} if a weight is given for no class, or balanced ones are asked for with a class that has no image.
 */
export function makeClassificationLoss(
  { kind, labelSmoothing, focal, classWeights }: FinetuneConfig["loss"],
  classNames: readonly string[],
  labelCounts: readonly number[],
): ClassificationLoss {
  const balanced = balancedByShare(labelCounts);
  const weights = classWeightsOf("loss.classWeights", classWeights, classNames, labelCounts, balanced);
  const [gamma, factor] = kind === "focal" ? [focal.gamma, focal.alpha] : [0, 1];
  const alpha = weights.map((weight) => weight * factor);
  const isPlain = kind === "cross-entropy" && classWeights === "none";
  return (logits, labels, mix) =>
    isPlain && !mix
      ? softmaxCrossEntropy(logits, labels, { labelSmoothing })
      : focalLoss(logits, targetsOf(labels, classNames.length, labelSmoothing, mix), { gamma, alpha });
}

/** Targets `[B, K]` of labels: 1 − s at the label, or its share of that, and s / K at every class. */
function targetsOf(labels: Int32Array, numClasses: number, labelSmoothing: number, mix?: Float32Array): Tensor {
  const values = new Float32Array(labels.length * numClasses).fill(labelSmoothing / numClasses);
  const give = (row: number, label: number, share: number): void => {
    const at = row * numClasses + label;
    values[at] = (values[at] as number) + share * (1 - labelSmoothing);
  };
  for (const [row, label] of labels.entries()) {
    const [other, share] = mix ? [mix[2 * row] as number, mix[2 * row + 1] as number] : [label, 1];
    give(row, label, share);
    give(row, other, 1 - share);
  }
  return tensor2d(values, [labels.length, numClasses]);
}
