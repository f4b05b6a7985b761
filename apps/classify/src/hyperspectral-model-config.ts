import { ConfigError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import {
  type ChannelVitPreset,
  type ChannelVitWithHeadsConfig,
  channelVitPresets,
  type HyperspectralMaeConfig,
  hyperspectralMaeConfig,
} from "@graticule/models";
import { z } from "zod";
import { channelTreeFields, channelTreeFor } from "./channel-tree-config.js";
import { withoutUndefined } from "./without-undefined.js";

const width = z.int().min(1).optional();

/** The shape of a masked autoencoder of many bands and its task, as runs and checkpoints carry it. */
export const hyperspectralModelConfig = z.strictObject({
  kind: z.literal("hyperspectral-mae"),
  /** Encoder size. Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411, for all but `tiny` and `small`. */
  preset: z.enum(Object.keys(channelVitPresets) as ChannelVitPreset[]),
  /** [H, W] in pixels of what the model sees. */
  imageSize: z.tuple([z.int().min(1), z.int().min(1)]),
  /** P, in pixels; the preset's when absent. */
  patchSize: width,
  /** D, blocks and heads where they differ from the preset. */
  embedDim: width,
  depth: width,
  numHeads: width,
  mlpDim: width,
  ...channelTreeFields,
  /** Tells bands apart by their wavelengths too, not by a learned embedding alone. */
  wavelengthCondition: z.boolean().default(false),
  /** Decoder of the paper's run on hyperspectral images. Source: as above, its artifact. */
  decoderEmbedDim: z.int().min(1).default(128),
  decoderDepth: z.int().min(1).default(2),
  decoderNumHeads: z.int().min(1).default(4),
  /** What is hidden: whole patches (`spatial`), or runs of neighboring bands of patches (`spectral`). */
  masking: z.enum(["spatial", "spectral"]).default("spatial"),
  /** Share of what `masking` names that is hidden from the encoder. */
  maskRatio: z.number().gt(0).lt(1).default(0.75),
  /** Bands that `spectral` masking hides together, since neighbors tell each other. */
  bandsPerBlock: z.int().min(1).default(16),
  /** Targets are normalized within each hidden patch; off as in the paper's run, so that spectra come out in their own units. */
  normPix: z.boolean().default(false),
});

export type HyperspectralModelConfig = z.infer<typeof hyperspectralModelConfig>;

const size = z.int().min(1);

/** The encoder of such a model alone, as runs that were fine-tuned carry it. */
export const channelVitModelConfig = hyperspectralModelConfig
  .pick({ preset: true, imageSize: true, wavelengthCondition: true, tree: true, groups: true, reducer: true })
  .extend({
    kind: z.literal("channel-vit"),
    ...{ patchSize: size, embedDim: size, depth: size, numHeads: size, mlpDim: size },
    /** Classes of the head, where there is one. */
    numClasses: size.optional(),
  });

export type ChannelVitModelConfig = z.infer<typeof channelVitModelConfig>;

/** The settings of a masked autoencoder's encoder. */
export function describeEncoder(model: HyperspectralModelConfig, schema: ChannelSchema): ChannelVitModelConfig {
  const { preset, imageSize, wavelengthCondition, tree, groups, reducer } = model;
  const { patchSize, embedDim, depth, numHeads, mlpDim } = hyperspectralConfigFor(model, schema);
  return channelVitModelConfig.parse({
    ...{ kind: "channel-vit", preset, imageSize, wavelengthCondition, tree, groups, reducer },
    ...{ patchSize, embedDim, depth, numHeads, mlpDim },
  });
}

/** The encoder that a run's configuration describes, for these bands. @throws as `hyperspectralConfigFor`. */
export function channelVitConfigFor(
  { numClasses: _, ...model }: ChannelVitModelConfig,
  schema: ChannelSchema,
): Omit<ChannelVitWithHeadsConfig, "heads"> {
  const whole = hyperspectralModelConfig.parse({ ...model, kind: "hyperspectral-mae" });
  const { decoderEmbedDim, decoderDepth, decoderNumHeads, decoderMlpDim, ...encoder } = hyperspectralConfigFor(
    whole,
    schema,
  );
  return encoder;
}

/**
 * The model that a run's configuration describes, for these bands.
 *
 * @throws {ConfigError} if it is told wavelengths that the data doesn't have.
 * @throws {RangeError} if the result is not a model that can be built.
 */
export function hyperspectralConfigFor(model: HyperspectralModelConfig, schema: ChannelSchema): HyperspectralMaeConfig {
  const { preset, imageSize, patchSize, embedDim, depth, numHeads, mlpDim } = model;
  const { decoderEmbedDim, decoderDepth, decoderNumHeads } = model;
  const sizes = { patchSize, embedDim, depth, numHeads, mlpDim };
  return hyperspectralMaeConfig(preset, {
    ...withoutUndefined(sizes),
    ...{ imageSize, decoderEmbedDim, decoderDepth, decoderNumHeads },
    inChannels: schema.length,
    channelTree: channelTreeFor(model, schema.length),
    ...(model.wavelengthCondition && { channelCondition: { wavelengthsNm: wavelengthsOf(schema) } }),
  });
}

function wavelengthsOf(schema: ChannelSchema): number[] {
  return schema.map(({ name, wavelengthNm }) => {
    if (wavelengthNm === undefined)
      throw new ConfigError(
        `model.wavelengthCondition: expected a wavelength for each band, got none for '${name}'. Set it to false.`,
      );
    return wavelengthNm;
  });
}
