import { expectation } from "@graticule/core";
import {
  checkDivides,
  checkEncoderConfig,
  checkPositive,
  type EncoderConfig,
  type EncoderOverrides,
  presetFields,
} from "../vit/config.js";
import type { VitPreset } from "../vit/presets.js";

/** Shape of a masked autoencoder: its encoder's fields and the decoder's. */
export interface MaeConfig extends EncoderConfig {
  readonly decoderEmbedDim: number;
  /** Number of decoder blocks. */
  readonly decoderDepth: number;
  readonly decoderNumHeads: number;
  /** Width inside the decoder blocks' MLP. */
  readonly decoderMlpDim: number;
}

/** The decoder of all of the paper's models. Source: He et al. 2022, §4.1, arXiv:2111.06377. */
const paperDecoder = { decoderEmbedDim: 512, decoderDepth: 8, decoderNumHeads: 16 } as const;

export type MaeOverrides = EncoderOverrides & Partial<MaeConfig>;

/**
 * The configuration of a masked autoencoder whose encoder is a named ViT. The decoder is the paper's (512 wide, 8 blocks,
 * 16 heads) and its MLP four times its width unless given.
 *
 * @throws {RangeError} if the preset is unknown or the result is not a model that can be built.
 */
export function maeConfig(preset: VitPreset, overrides: MaeOverrides): MaeConfig {
  const decoderMlpDim = 4 * (overrides.decoderEmbedDim ?? paperDecoder.decoderEmbedDim);
  return checkMaeConfig({ ...presetFields("maeConfig", preset), ...paperDecoder, decoderMlpDim, ...overrides });
}

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkMaeConfig(config: MaeConfig): MaeConfig {
  checkEncoderConfig("maeConfig", config);
  for (const field of ["decoderEmbedDim", "decoderDepth", "decoderNumHeads", "decoderMlpDim"] as const)
    checkPositive("maeConfig", field, config[field]);
  checkDivides("maeConfig", "decoderNumHeads", config.decoderNumHeads, "decoderEmbedDim", config.decoderEmbedDim);
  for (const field of ["embedDim", "decoderEmbedDim"] as const)
    if (config[field] % 4 !== 0)
      throw new RangeError(
        expectation("maeConfig", `${field} to be a multiple of 4 for its sin-cos positions`, `${config[field]}`),
      );
  return Object.freeze({ ...config });
}
