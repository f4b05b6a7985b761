import { ShapeError } from "@graticule/core";
import { focalLoss } from "@graticule/ops";
import {
  add,
  cast,
  div,
  equal,
  expandDims,
  mean,
  mul,
  reshape,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";

export interface SegmentationLossOptions {
  /**
   * What the sum over pixels is divided by, for each image: how many labelled pixels an image has on average. A batch's own
   * number would make the result depend on how ranks share it.
   */
  readonly labelledPixels: number;
  /** How much each class counts; all alike unless given. */
  readonly classWeights?: Float32Array;
  /** γ of the focal loss, how much less counts what is right already; 0, the cross-entropy, unless given. */
  readonly gamma?: number;
  /** Part of the target that is shared out among all classes. 0 unless given. */
  readonly labelSmoothing?: number;
  /** How much the Dice loss counts beside. 0 unless given. */
  readonly dice?: number;
}

/** Keeps the Dice loss of a class that is not in an image at 0 if it is not predicted either. */
const DICE_SMOOTH = 1;

/**
 * Targets of maps of class numbers: 1 at the class whose number a pixel has; a pixel with no class's number is unlabelled.
 *
 * Shape: labels `[B, H, W]`, K values → `[B, H, W, K]`.
 */
export function classTargets(labels: Tensor, values: readonly number[]): Tensor {
  return tidy(() => cast(equal(expandDims(labels, -1), tensor1d(values as number[])), "float32"));
}

/**
 * Cross-entropy of labelled pixels, or the focal loss, and by choice the Dice loss: 1 − (2 Σ p·t + 1) / (Σ p + Σ t + 1) over
 * an image's labelled pixels, mean over images and classes.
 *
 * Shape: logits and targets `[B, H, W, K]`, targets of an unlabelled pixel all 0 → scalar.
 * Source: Milletari et al. 2016 (Dice), §3, arXiv:1606.04797, with p in place of p² as in nnU-Net.
 *
 * @throws {ShapeError} if targets have another shape.
 */
export function segmentationLoss(logits: Tensor, targets: Tensor, options: SegmentationLossOptions): Scalar {
  const { labelledPixels, classWeights, gamma = 0, labelSmoothing = 0, dice = 0 } = options;
  if (logits.rank !== 4 || `${targets.shape}` !== `${logits.shape}`)
    throw new ShapeError("segmentationLoss", `targets of the logits' [${logits.shape}]`, `[${targets.shape}]`);
  const [, height, width, numClasses] = logits.shape as [number, number, number, number];
  return tidy(() => {
    const isLabelled = sum(targets, -1, true); // [B, H, W, 1]
    const smooth = add(mul(targets, 1 - labelSmoothing), mul(isLabelled, labelSmoothing / numClasses));
    const rows = (maps: Tensor): Tensor => reshape(maps, [-1, numClasses]);
    const alpha = classWeights ?? 1;
    const perPixel = focalLoss(rows(logits), rows(labelSmoothing > 0 ? smooth : targets), { gamma, alpha });
    const loss = mul<Scalar>(perPixel, (height * width) / labelledPixels);
    return dice > 0 ? add<Scalar>(loss, mul(diceLoss(logits, targets, isLabelled), dice)) : loss;
  });
}

function diceLoss(logits: Tensor, targets: Tensor, isLabelled: Tensor): Scalar {
  const p = mul(softmax(logits), isLabelled);
  const overPixels = (maps: Tensor): Tensor => sum(maps, [1, 2]); // [B, K]
  const both = add(mul(overPixels(mul(p, targets)), 2), DICE_SMOOTH);
  const all = add(add(overPixels(p), overPixels(targets)), DICE_SMOOTH);
  return sub<Scalar>(1, mean(div(both, all)));
}
