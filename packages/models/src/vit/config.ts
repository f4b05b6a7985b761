import { expectation } from "@graticule/core";
import type { GeluForm } from "@graticule/nn";
import { type ChannelGroups, checkChannelGroups } from "./grouped-patch-embed.js";
import { type VitPreset, vitPresets } from "./presets.js";

/** Shape of a transformer over image patches. */
export interface EncoderConfig {
  /** [H, W] in pixels. */
  readonly imageSize: readonly [number, number];
  /** P, pixels. */
  readonly patchSize: number;
  /** C. */
  readonly inChannels: number;
  /** D. */
  readonly embedDim: number;
  /** Number of blocks. */
  readonly depth: number;
  readonly numHeads: number;
  /** Width inside the blocks' MLP. */
  readonly mlpDim: number;
  /** Of all LayerNorms; 1e-6, that of ViT and MAE, unless given. */
  readonly normEpsilon?: number;
}

/** How tokens become one feature vector: the class token, or the mean of the patch tokens. */
export type Pool = "cls" | "mean";

export interface VitConfig extends EncoderConfig {
  readonly pool: Pool;
  /** Whether a class token comes before the patches; true unless given. Without it `norm` is before the mean, as in SigLIP. */
  readonly classToken?: boolean;
  /** Of the blocks' MLP; the exact GELU unless given. */
  readonly activation?: GeluForm;
  /** Groups of channels with tokens of their own; all channels share theirs unless given. */
  readonly channelGroups?: ChannelGroups;
  /**
   * Share of the images of which the last block drops a branch in training, given random streams; it rises to that evenly
   * from 0 at the first. 0 unless given. Source: Huang et al. 2016, §3.2, arXiv:1603.09382.
   */
  readonly dropPathRate?: number;
}

/** What a preset doesn't settle, and any of what it does. */
export type EncoderOverrides = Pick<EncoderConfig, "imageSize" | "inChannels"> & Partial<EncoderConfig>;

/**
 * The configuration of a named variant for given images; overrides win over the preset. `pool` is "cls" unless given.
 *
 * @throws {RangeError} if the preset is unknown or the result is not a model that can be built.
 */
export function vitConfig(preset: VitPreset, overrides: EncoderOverrides & { readonly pool?: Pool }): VitConfig {
  return checkVitConfig({ ...presetFields("vitConfig", preset), pool: "cls", ...overrides });
}

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkVitConfig<C extends VitConfig>(config: C): Readonly<C> {
  checkEncoderConfig("vitConfig", config);
  if (config.pool !== "cls" && config.pool !== "mean")
    throw new RangeError(expectation("vitConfig", "pool to be 'cls' or 'mean'", `'${String(config.pool)}'`));
  const { channelGroups, inChannels, embedDim, classToken = true } = config;
  if (!classToken && (config.pool === "cls" || channelGroups))
    throw new RangeError(
      expectation("vitConfig", "pool 'mean' and no channelGroups without a class token", `pool '${config.pool}'`),
    );
  if (channelGroups) checkChannelGroups("vitConfig", channelGroups, inChannels, embedDim);
  return Object.freeze({ ...config });
}

/** The fields that a preset settles; `where` opens the message of the RangeError for an unknown name. */
export function presetFields(where: string, preset: VitPreset): Omit<EncoderConfig, "imageSize" | "inChannels"> {
  if (Object.hasOwn(vitPresets, preset)) return vitPresets[preset];
  throw new RangeError(expectation(where, `a preset of ${Object.keys(vitPresets).join(", ")}`, `'${preset}'`));
}

/** @throws {RangeError} if a length is not a positive whole number, or patches or heads don't divide their whole. */
export function checkEncoderConfig(where: string, config: EncoderConfig): void {
  const { imageSize, patchSize, embedDim, numHeads } = config;
  const [height, width] = imageSize;
  checkPositive(where, "imageSize[0]", height);
  checkPositive(where, "imageSize[1]", width);
  for (const field of ["patchSize", "inChannels", "embedDim", "depth", "numHeads", "mlpDim"] as const)
    checkPositive(where, field, config[field]);
  if (height % patchSize !== 0 || width % patchSize !== 0)
    throw new RangeError(
      expectation(
        where,
        `patchSize to divide imageSize [${height}, ${width}]`,
        `${patchSize}`,
        "Choose a common divisor, or another imageSize.",
      ),
    );
  checkDivides(where, "numHeads", numHeads, "embedDim", embedDim);
}

/** @throws {RangeError} if the value is not a positive whole number. */
export function checkPositive(where: string, field: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0))
    throw new RangeError(expectation(where, `${field} to be a positive whole number`, `${value}`));
}

/** @throws {RangeError} if the part doesn't divide the whole. */
export function checkDivides(where: string, part: string, divisor: number, whole: string, value: number): void {
  if (value % divisor !== 0)
    throw new RangeError(expectation(where, `${part} to divide ${whole} ${value}`, `${divisor}`, "Choose a divisor."));
}

/** Tokens before those of the patches: the class token, or none. */
export function prefixTokens({ classToken = true }: Pick<VitConfig, "classToken">): number {
  return classToken ? 1 : 0;
}

/** [rows, columns] of patches. */
export function patchGrid({ imageSize: [height, width], patchSize }: EncoderConfig): [number, number] {
  return [height / patchSize, width / patchSize];
}

/** N, the number of patches of an image. */
export function numPatches(config: EncoderConfig): number {
  const [rows, columns] = patchGrid(config);
  return rows * columns;
}
