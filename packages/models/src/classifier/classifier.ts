import { type DropoutStreams, initialize, Linear } from "@graticule/nn";
import { type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { checkPositive, type VitConfig } from "../vit/config.js";
import { Vit, vitInitRules } from "../vit/vit.js";

export interface ClassifierConfig extends VitConfig {
  readonly numClasses: number;
}

/**
 * Vision transformer with a linear head, in timm's tensor names (`head.weight`, `head.bias`).
 *
 * Shape: images `[B, C, H, W]` → logits `[B, numClasses]`.
 *
 * @throws {ShapeError} if the images don't fit the configuration.
 */
export class Classifier extends Vit {
  declare readonly config: ClassifierConfig;
  readonly head: Linear;

  constructor(config: ClassifierConfig) {
    super(config);
    checkPositive("Classifier", "numClasses", config.numClasses);
    this.head = new Linear(config.embedDim, config.numClasses);
  }

  override forward(images: Tensor, streams?: DropoutStreams): Tensor2D {
    return tidy(() => this.head.forward(this.features(images, streams)) as Tensor2D);
  }
}

/** Builds a classifier with ViT's first values; the head's weight too is truncated normal 0.02, its bias 0. */
export function makeClassifier(config: ClassifierConfig, { seed }: { readonly seed: number }): Classifier {
  return initialize(new Classifier(config), vitInitRules(config), seed);
}
