import { type DropoutStreams, initialize } from "@graticule/nn";
import { mean, reshape, slice, type Tensor } from "@tensorflow/tfjs-core";
import { patchGrid, prefixTokens, type VitConfig } from "../vit/config.js";
import { Vit, vitInitRules } from "../vit/vit.js";
import type { HeadConfig } from "./head-config.js";
import { applyHeads, makeHeads, type TokenHead } from "./token-heads.js";

/** All tokens pass the last norm, so that the pooling is not a matter of the encoder. */
export interface VitWithHeadsConfig extends Omit<VitConfig, "pool"> {
  /** One for each thing that is told of an image, in the order of the outputs. */
  readonly heads: readonly HeadConfig[];
}

/**
 * Vision transformer with heads of several kinds on one pass of the encoder. What earlier blocks give passes the encoder's
 * last norm too. Where groups of channels have tokens of their own, heads read their mean at each place.
 *
 * Shape: images `[B, C, H, W]` → for each head `[B, outputs]` (pooled) or `[B, H, W, outputs]`.
 *
 * @throws {ShapeError} if the images don't fit the configuration.
 */
export class VitWithHeads extends Vit {
  declare readonly config: VitConfig & VitWithHeadsConfig;
  readonly heads: readonly TokenHead[];

  constructor(config: VitWithHeadsConfig) {
    super({ ...config, pool: config.classToken === false ? "mean" : "cls" });
    this.heads = makeHeads(config.heads, config);
  }

  /** The outputs of each head. Random streams make the encoder drop paths at its rate. */
  forwardHeads(images: Tensor, streams?: DropoutStreams): Tensor[] {
    return applyHeads(this.heads, this.config, (blocks) => this.featureMaps(images, blocks, streams));
  }

  /** Normalized maps of some blocks, the mean of the channel groups' tokens at each place: `[B, h, w, D]`. */
  private featureMaps(images: Tensor, blocks: readonly number[], streams?: DropoutStreams): Tensor[] {
    const [height, width] = patchGrid(this.config);
    const groups = this.config.channelGroups?.channels.length ?? 1; // G
    return this.tokensAfter(images, blocks, streams).map((tokens) => {
      const normed = this.norm?.forward(tokens) as Tensor; // [B, 1 + G·N, D]
      const [batch, , embedDim] = normed.shape as [number, number, number];
      const patches = slice(normed, [0, prefixTokens(this.config), 0], [-1, -1, -1]);
      return mean(reshape(patches, [batch, groups, height, width, embedDim]), 1);
    });
  }
}

/** Builds the model with ViT's first values, convolutions as linear layers; they depend on the seed and each parameter's path alone. */
export function makeVitWithHeads(config: VitWithHeadsConfig, { seed }: { readonly seed: number }): VitWithHeads {
  return initialize(new VitWithHeads(config), vitInitRules(config), seed);
}
