import { expectation } from "@graticule/core";
import { type ChannelEncoderConfig, checkChannelEncoderConfig, encoderDefaults } from "../channel-vit/config.js";
import type { ChannelVitPreset } from "../channel-vit/presets.js";
import { checkDivides, checkPositive } from "../vit/config.js";

/** Shape of a masked autoencoder of many bands: its encoder's fields and the decoder's. */
export interface HyperspectralMaeConfig extends ChannelEncoderConfig {
  readonly leadTime: false;
  readonly noiseDim: 0;
  readonly decoderEmbedDim: number;
  /** Number of decoder blocks. */
  readonly decoderDepth: number;
  readonly decoderNumHeads: number;
  /** Width inside the decoder blocks' MLP. */
  readonly decoderMlpDim: number;
}

export type HyperspectralMaeOverrides = Pick<HyperspectralMaeConfig, "inChannels"> & Partial<HyperspectralMaeConfig>;

/** The decoder of D-CHAG's run on hyperspectral images. Source: its artifact, A2/C6. */
const paperDecoder = { decoderEmbedDim: 128, decoderDepth: 2, decoderNumHeads: 4 } as const;

/**
 * The configuration of a named size for C bands; overrides win over the preset. Unless given: one flat cross-attention,
 * the decoder of D-CHAG's hyperspectral run (128 wide, 2 blocks, 4 heads), MLPs of four times the width.
 *
 * @throws {RangeError} if the preset is unknown or the result is not a model that can be built.
 */
export function hyperspectralMaeConfig(
  preset: ChannelVitPreset,
  overrides: HyperspectralMaeOverrides,
): HyperspectralMaeConfig {
  const decoderMlpDim = 4 * (overrides.decoderEmbedDim ?? paperDecoder.decoderEmbedDim);
  const encoder = encoderDefaults("hyperspectralMaeConfig", preset, overrides);
  return checkHyperspectralMaeConfig({
    ...encoder,
    ...paperDecoder,
    decoderMlpDim,
    ...overrides,
    leadTime: false,
    noiseDim: 0,
  });
}

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkHyperspectralMaeConfig(config: HyperspectralMaeConfig): HyperspectralMaeConfig {
  const where = "hyperspectralMaeConfig";
  const checked = checkChannelEncoderConfig(where, config);
  for (const field of ["decoderEmbedDim", "decoderDepth", "decoderNumHeads", "decoderMlpDim"] as const)
    checkPositive(where, field, config[field]);
  checkDivides(where, "decoderNumHeads", config.decoderNumHeads, "decoderEmbedDim", config.decoderEmbedDim);
  if (config.decoderEmbedDim % 4 !== 0)
    throw new RangeError(
      expectation(
        where,
        "decoderEmbedDim to be a multiple of 4 for its sin-cos positions",
        `${config.decoderEmbedDim}`,
      ),
    );
  return checked;
}
