import { ShapeError } from "@graticule/core";
import { type InitRules, initialize, zeros } from "@graticule/nn";
import { pickChannels } from "@graticule/ops";
import { add, mul, type Tensor, type Tensor4D, tensor3d, tidy } from "@tensorflow/tfjs-core";
import type { EncodeOptions } from "../channel-vit/channel-encoder.js";
import { ChannelVit } from "../channel-vit/channel-vit.js";
import { channelEncoderInitRules } from "../channel-vit/init-rules.js";
import { checkForecasterConfig, type ForecasterConfig } from "./config.js";

/**
 * Predicts weather channels at a later time from all channels now. One lead time for all images makes it a direct
 * forecaster, any mixture a continuous one.
 *
 * Shape: images `[B, C, H, W]`, B lead times → `[B, V, H, W]`.
 * Units: each channel normalized; a target by the same numbers as the input channel that it is.
 * Source: Nguyen et al. 2023 (ClimaX), §3, arXiv:2301.10343.
 *
 * @throws {ShapeError} if images, mask, lead times or noise don't fit the configuration.
 */
export class Forecaster extends ChannelVit<ForecasterConfig> {
  constructor(config: ForecasterConfig) {
    super(checkForecasterConfig(config));
  }

  override forward(images: Tensor, options: EncodeOptions = {}): Tensor4D {
    const { residualScale, targets, inChannels } = this.config;
    if (!residualScale) return super.forward(images, options);
    if (images.shape[1] !== inChannels)
      throw new ShapeError(
        "Forecaster",
        `all ${inChannels} channels`,
        `${images.shape[1]}`,
        "A residual forecast adds to the channels that it predicts, so it needs those of other processes, too.",
      );
    return tidy(() => {
      const scale = tensor3d([...residualScale], [targets.length, 1, 1]);
      return add(pickChannels(images, targets), mul(super.forward(images, options), scale));
    });
  }
}

/** `channelEncoderInitRules`; the head of a residual forecaster ends in zeros, so that it starts as persistence. */
export function forecasterInitRules(config: ForecasterConfig): InitRules {
  const last = `head.${config.decoderDepth}.weight`;
  return [...(config.residualScale ? ([[last, zeros]] as const) : []), ...channelEncoderInitRules(config)];
}

/** Builds a forecaster with its first values, which depend on the seed and each parameter's path alone. */
export function makeForecaster(config: ForecasterConfig, { seed }: { readonly seed: number }): Forecaster {
  return initialize(new Forecaster(config), forecasterInitRules(config), seed);
}
