import { type DropoutStreams, initialize } from "@graticule/nn";
import { add, reshape, type Tensor } from "@tensorflow/tfjs-core";
import { ChannelEncoder } from "../channel-vit/channel-encoder.js";
import { type ChannelEncoderConfig, checkChannelEncoderConfig } from "../channel-vit/config.js";
import { channelEncoderInitRules } from "../channel-vit/init-rules.js";
import { patchGrid } from "../vit/config.js";
import type { HeadConfig } from "./head-config.js";
import { applyHeads, makeHeads, type TokenHead } from "./token-heads.js";

/** An encoder that is told nothing beside the images. */
export interface ChannelVitWithHeadsConfig extends ChannelEncoderConfig {
  readonly leadTime: false;
  readonly noiseDim: 0;
  /** One for each thing that is told of an image, in the order of the outputs; none for the encoder alone. */
  readonly heads: readonly HeadConfig[];
}

/**
 * Transformer of many channels with heads of several kinds on one pass of the encoder, as `VitWithHeads`: for fine-tuning the
 * encoder of a `HyperspectralMae`, whose names it has.
 *
 * Shape: images `[B, C, H, W]` → for each head `[B, outputs]` (pooled) or `[B, H, W, outputs]`.
 *
 * @throws {ShapeError} if the images don't fit the configuration.
 */
export class ChannelVitWithHeads extends ChannelEncoder<ChannelVitWithHeadsConfig> {
  readonly heads: readonly TokenHead[];

  constructor(config: ChannelVitWithHeadsConfig) {
    super(checkChannelEncoderConfig("channelVitWithHeads", config));
    this.heads = makeHeads(config.heads, config);
  }

  /** The outputs of each head. Random streams make the encoder drop at its rates. */
  forwardHeads(images: Tensor, streams?: DropoutStreams): Tensor[] {
    const [height, width] = patchGrid(this.config);
    return applyHeads(this.heads, this.config, (blocks) => {
      const tokens = add(this.aggregate(images), this.posEmbed.variable);
      return this.tokensAfter(tokens, blocks, streams).map((each) =>
        reshape(this.norm.forward(each), [each.shape[0] as number, height, width, -1]),
      );
    });
  }
}

/** Builds the model with the first values of its encoder; they depend on the seed and each parameter's path alone. */
export function makeChannelVitWithHeads(
  config: ChannelVitWithHeadsConfig,
  { seed }: { readonly seed: number },
): ChannelVitWithHeads {
  return initialize(new ChannelVitWithHeads(config), channelEncoderInitRules(config), seed);
}
