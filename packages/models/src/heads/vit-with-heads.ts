import { type DropoutStreams, initialize } from "@graticule/nn";
import { mean, reshape, slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { patchGrid, prefixTokens, type VitConfig } from "../vit/config.js";
import { Vit, vitInitRules } from "../vit/vit.js";
import { checkHeadConfig, type HeadConfig, headBlocks } from "./head-config.js";
import { LinearHead, PooledHead } from "./linear-head.js";
import { UperNetHead } from "./uper-net-head.js";

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
  readonly heads: (LinearHead | PooledHead | UperNetHead)[];

  constructor(config: VitWithHeadsConfig) {
    super({ ...config, pool: config.classToken === false ? "mean" : "cls" });
    const { embedDim, depth, heads } = config;
    for (const head of heads) checkHeadConfig(head, depth);
    this.heads = heads.map((head) => {
      if (head.kind === "upernet") return new UperNetHead(embedDim, head.width, head.outputs);
      return head.kind === "linear" ? new LinearHead(embedDim, head.outputs) : new PooledHead(embedDim, head.outputs);
    });
  }

  /** The outputs of each head. Random streams make the encoder drop paths at its rate. */
  forwardHeads(images: Tensor, streams?: DropoutStreams): Tensor[] {
    const { depth, heads, imageSize } = this.config;
    return tidy(() => {
      const blocks = heads.map((head) => headBlocks(head, depth));
      const maps = this.featureMaps(images, [...new Set(blocks.flat())], streams);
      return this.heads.map((head, index) =>
        head.forward(
          (blocks[index] as readonly number[]).map((block) => maps.get(block) as Tensor),
          imageSize,
        ),
      );
    });
  }

  /** Normalized maps of some blocks, the mean of the channel groups' tokens at each place: `[B, h, w, D]` by block. */
  private featureMaps(images: Tensor, blocks: readonly number[], streams?: DropoutStreams): Map<number, Tensor> {
    const [height, width] = patchGrid(this.config);
    const groups = this.config.channelGroups?.channels.length ?? 1; // G
    const tokens = this.tokensAfter(images, blocks, streams);
    return new Map(
      blocks.map((block, index) => {
        const normed = this.norm?.forward(tokens[index] as Tensor) as Tensor; // [B, 1 + G·N, D]
        const [batch, , embedDim] = normed.shape as [number, number, number];
        const patches = slice(normed, [0, prefixTokens(this.config), 0], [-1, -1, -1]);
        return [block, mean(reshape(patches, [batch, groups, height, width, embedDim]), 1)];
      }),
    );
  }
}

/** Builds the model with ViT's first values, convolutions as linear layers; they depend on the seed and each parameter's path alone. */
export function makeVitWithHeads(config: VitWithHeadsConfig, { seed }: { readonly seed: number }): VitWithHeads {
  return initialize(new VitWithHeads(config), vitInitRules(config), seed);
}
