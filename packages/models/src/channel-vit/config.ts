import { expectation } from "@graticule/core";
import { checkDropRates } from "@graticule/nn";
import { checkEncoderConfig, checkPositive, type EncoderConfig } from "../vit/config.js";
import { type ChannelTree, channelTree, checkChannelTree } from "./channel-tree.js";
import { type ChannelVitPreset, channelVitPresets } from "./presets.js";

/** What sets channels apart by a number that the physics gives, beside their learned embedding. */
export type ChannelCondition =
  /** Units: nm. One for each channel. */
  | { readonly wavelengthsNm: readonly number[] }
  /** Units: hPa. One for each channel; null for one without a level, such as a surface field. */
  | { readonly levelsHpa: readonly (number | null)[] };

/** Shape of a transformer over images of many channels. */
export interface ChannelEncoderConfig extends EncoderConfig {
  /** How the channels become one token at each position. */
  readonly channelTree: ChannelTree;
  /** Whether the aggregation's queries, keys and values have biases; ClimaX's have, D-CHAG's haven't. */
  readonly aggregationBias: boolean;
  /** Whether the model is told the lead time of its forecast. */
  readonly leadTime: boolean;
  /** Length of a latent noise vector that varies the output; 0 for none. */
  readonly noiseDim: number;
  readonly channelCondition?: ChannelCondition;
  /** Of all LayerNorms. */
  readonly normEpsilon: number;
  /** Part of the values that training drops: of the first tokens, behind attention, GELU and MLP. */
  readonly dropRate: number;
  /** Part of the images whose last block training skips; blocks before it are skipped less, the first never. */
  readonly dropPathRate: number;
}

/** A `ChannelEncoderConfig` and a head that predicts images. */
export interface ChannelVitConfig extends ChannelEncoderConfig {
  /** Channels of the prediction. */
  readonly outChannels: number;
  /** Hidden layers of the head. */
  readonly decoderDepth: number;
}

export type ChannelVitOverrides = Pick<ChannelVitConfig, "inChannels"> & Partial<ChannelVitConfig>;

/**
 * The configuration of a named size for C channels; overrides win over the preset. Unless given: one flat
 * cross-attention, all channels predicted, two hidden layers in the head, with a lead time, without noise; biases in
 * the aggregation for `climax` only, and its epsilon of norms; an MLP of four times the width; nothing dropped but by
 * presets whose source does.
 *
 * @throws {RangeError} if the preset is unknown or the result is not a model that can be built.
 */
export function channelVitConfig(preset: ChannelVitPreset, overrides: ChannelVitOverrides): ChannelVitConfig {
  return checkChannelVitConfig({
    ...encoderDefaults("channelVitConfig", preset, overrides),
    outChannels: overrides.inChannels,
    decoderDepth: 2,
    ...overrides,
  });
}

/** A preset's fields and those of `ChannelEncoderConfig` that it leaves open. */
export function encoderDefaults(
  where: string,
  preset: ChannelVitPreset,
  { inChannels, embedDim }: { readonly inChannels: number; readonly embedDim?: number },
): ChannelEncoderConfig {
  if (!Object.hasOwn(channelVitPresets, preset))
    throw new RangeError(expectation(where, `a preset of ${Object.keys(channelVitPresets).join(", ")}`, `'${preset}'`));
  checkPositive(where, "inChannels", inChannels);
  return {
    ...{ dropRate: 0, dropPathRate: 0, normEpsilon: 1e-6 },
    ...channelVitPresets[preset],
    ...(embedDim !== undefined && { mlpDim: 4 * embedDim }),
    inChannels,
    channelTree: channelTree("flat", { inChannels }),
    aggregationBias: preset === "climax",
    leadTime: true,
    noiseDim: 0,
  };
}

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkChannelVitConfig<C extends ChannelVitConfig>(config: C): Readonly<C> {
  const checked = checkChannelEncoderConfig("channelVitConfig", config);
  checkPositive("channelVitConfig", "outChannels", config.outChannels);
  checkCount("channelVitConfig", "decoderDepth", config.decoderDepth);
  return checked;
}

/** @throws {RangeError} if the configuration is not an encoder that can be built; returns a frozen copy otherwise. */
export function checkChannelEncoderConfig<C extends ChannelEncoderConfig>(where: string, config: C): Readonly<C> {
  checkEncoderConfig(where, config);
  checkCount(where, "noiseDim", config.noiseDim);
  checkDropRates(where, config);
  if (config.embedDim % 4 !== 0)
    throw new RangeError(
      expectation(where, "embedDim to be a multiple of 4 for its sin-cos positions", `${config.embedDim}`),
    );
  const tree = checkChannelTree(config.channelTree, config.inChannels);
  if (config.channelCondition) checkCondition(where, config.channelCondition, config.inChannels);
  return Object.freeze({ ...config, channelTree: tree });
}

function checkCount(where: string, field: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0))
    throw new RangeError(expectation(where, `${field} to be a whole number of at least 0`, `${value}`));
}

function checkCondition(where: string, condition: ChannelCondition, channels: number): void {
  const [name, numbers] =
    "wavelengthsNm" in condition
      ? ["wavelengthsNm", condition.wavelengthsNm]
      : (["levelsHpa", condition.levelsHpa] as const);
  const isKnown = (value: number | null) =>
    value === null ? name === "levelsHpa" : value > 0 && Number.isFinite(value);
  const bad = numbers.find((value) => !isKnown(value));
  if (numbers.length !== channels || bad !== undefined)
    throw new RangeError(
      expectation(where, `${channels} positive ${name}`, bad === undefined ? `${numbers.length}` : `${bad}`),
    );
}
