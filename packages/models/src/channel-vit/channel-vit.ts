import { initialize, Linear } from "@graticule/nn";
import { unpatchify } from "@graticule/ops";
import { type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { ChannelEncoder, type EncodeOptions } from "./channel-encoder.js";
import { type ChannelVitConfig, checkChannelVitConfig } from "./config.js";
import { channelEncoderInitRules } from "./init-rules.js";

/**
 * Vision transformer for images of many channels: each channel has a patch embedding of its own, a tree of reducers makes
 * one token of them at each position, and a head predicts images. Parameters of group g lie below `channels.groups.g`.
 *
 * Shape: images `[B, C, H, W]` → `[B, outChannels, H, W]`.
 * Source: Nguyen et al. 2023 (ClimaX), §3.2, arXiv:2301.10343; Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411.
 *
 * @throws {ShapeError} if images, mask, lead times or noise don't fit the configuration.
 */
export class ChannelVit<C extends ChannelVitConfig = ChannelVitConfig> extends ChannelEncoder<C> {
  /** `decoderDepth` layers, each followed by a GELU, and the one that makes pixels. */
  readonly head: Linear[];

  constructor(config: C) {
    super(checkChannelVitConfig(config));
    const { embedDim, decoderDepth, outChannels, patchSize } = config;
    const hidden = Array.from({ length: decoderDepth }, () => new Linear(embedDim, embedDim));
    this.head = [...hidden, new Linear(embedDim, outChannels * patchSize * patchSize)];
  }

  forward(images: Tensor, options: EncodeOptions = {}): Tensor4D {
    return tidy(() => this.decode(this.encode(images, options)));
  }

  /** `[B, N, D] → [B, outChannels, H, W]`. */
  decode(tokens: Tensor): Tensor4D {
    return tidy(() => {
      const { outChannels: inChannels, imageSize, patchSize } = this.config;
      let x = tokens;
      for (const [index, layer] of this.head.entries())
        x = layer.forward(x, index > 0 ? { inputActivation: "gelu" } : {});
      return unpatchify(x, { inChannels, imageSize, patchSize, order: "channels-last" }) as Tensor4D;
    });
  }
}

/** Builds a `ChannelVit` with its first values, which depend on the seed and each parameter's path alone. */
export function makeChannelVit(config: ChannelVitConfig, { seed }: { readonly seed: number }): ChannelVit {
  return initialize(new ChannelVit(config), channelEncoderInitRules(config), seed);
}
