import { hyperspectralConfigFor, type MaskedModelConfig, type ModelDivision, maeConfigFor } from "@graticule/classify";
import type { ChannelSchema } from "@graticule/data";
import {
  hyperspectralMaeLoss,
  maeLoss,
  makeHyperspectralMae,
  makeMae,
  makeMaeMask,
  makeSpectralMask,
  numPatches,
  type SpectralMask,
  type TokenMask,
} from "@graticule/models";
import type { DropoutStreams, Module } from "@graticule/nn";
import { type Scalar, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** What decides the masks of some images, beside the model's settings: the same in any batch and after a resume. */
export interface MaskDraw {
  readonly seed: number;
  readonly epoch: number;
  /** Dataset index of each image. */
  readonly indices: ArrayLike<number>;
}

/** A masked autoencoder, whichever the configuration names, as training and reports see it. */
export interface MaskedModel {
  readonly module: Module;
  /** Channels that this rank embeds, by place and rising: all, unless the model is divided by groups of them. */
  readonly ownChannels: readonly number[];
  /** Where ranks can divide it. */
  readonly division: ModelDivision;
  readonly imageSize: readonly [height: number, width: number];
  /** P. */
  readonly patchSize: number;
  /** Whether predictions are normalized within each `hiddenUnit`. */
  readonly normPix: boolean;
  /** What is hidden, and normalized, as one: a patch of all channels, or one channel of a patch. */
  readonly hiddenUnit: "patch" | "channel";
  /** Mean squared error over what is hidden. In training random streams make a model with dropout drop. */
  loss(images: Tensor4D, draw: MaskDraw, dropout?: DropoutStreams): Scalar;
  /** Predicts all patches `[B, N, P·P·C]`, each in the order (row, column, channel). */
  predict(images: Tensor4D, draw: MaskDraw): { readonly prediction: Tensor3D; readonly isHidden: IsHidden };
}

const maeDivision: ModelDivision = {
  blocks: "{blocks,decoder_blocks}.*",
  outputs: ["{patch_embed.proj,decoder_pred}"],
  channels: [],
};

const hyperspectralDivision: ModelDivision = {
  blocks: "{blocks,decoder_blocks}.*",
  outputs: ["decoder_pred"],
  channels: ["channels"],
};

/** Whether a channel of a patch is hidden; patches count on from image to image, from 0 to B·N − 1. */
export type IsHidden = (patch: number, channel: number) => boolean;

/**
 * Builds the model that a configuration names, for data of this schema, with the first values of a seed.
 *
 * @throws {ConfigError} {RangeError} if it can't be built for this data.
 */
export function makeMaskedModel(config: MaskedModelConfig, schema: ChannelSchema, seed: number): MaskedModel {
  return config.kind === "mae"
    ? makeMaskedMae(config, schema.length, seed)
    : makeMaskedHyperspectral(config, schema, seed);
}

function makeMaskedMae(
  config: Extract<MaskedModelConfig, { kind: "mae" }>,
  inChannels: number,
  seed: number,
): MaskedModel {
  const modelConfig = maeConfigFor(config, inChannels);
  const { imageSize, patchSize } = modelConfig;
  const { maskRatio, normPix } = config;
  const model = makeMae(modelConfig, { seed });
  const drawMask = (draw: MaskDraw) => makeMaeMask({ ...draw, numTokens: numPatches(modelConfig), maskRatio });
  return {
    module: model,
    ownChannels: Array.from({ length: inChannels }, (_, channel) => channel),
    division: maeDivision,
    ...{ imageSize, patchSize, normPix, hiddenUnit: "patch" },
    loss: (images, draw) => maeLoss(model, images, drawMask(draw), { normPix }),
    predict(images, draw) {
      const mask = drawMask(draw);
      return { prediction: tidy(() => model.forward(images, mask).prediction), isHidden: hiddenBy(mask) };
    },
  };
}

function makeMaskedHyperspectral(
  config: Extract<MaskedModelConfig, { kind: "hyperspectral-mae" }>,
  schema: ChannelSchema,
  seed: number,
): MaskedModel {
  const modelConfig = hyperspectralConfigFor(config, schema);
  const { imageSize, patchSize } = modelConfig;
  const { masking, maskRatio, bandsPerBlock, normPix } = config;
  const model = makeHyperspectralMae(modelConfig, { seed });
  const numTokens = numPatches(modelConfig);
  const drawMask = (draw: MaskDraw): TokenMask | SpectralMask =>
    masking === "spatial"
      ? makeMaeMask({ ...draw, numTokens, maskRatio })
      : makeSpectralMask({
          ...draw,
          ...{ numTokens, maskRatio },
          numChannels: schema.length,
          channelsPerBlock: Math.min(bandsPerBlock, schema.length),
        });
  return {
    module: model,
    get ownChannels() {
      return model.channels.heldChannels;
    },
    division: hyperspectralDivision,
    ...{ imageSize, patchSize, normPix, hiddenUnit: masking === "spatial" ? "patch" : "channel" },
    loss: (images, draw, dropout) =>
      hyperspectralMaeLoss(model, images, drawMask(draw), { normPix, ...(dropout && { dropout }) }),
    predict(images, draw) {
      const mask = drawMask(draw);
      return { prediction: model.forward(images, mask), isHidden: hiddenBy(mask) };
    },
  };
}

function hiddenBy(mask: TokenMask | SpectralMask): IsHidden {
  if ("keep" in mask) return (patch) => mask.mask[patch] === 1;
  const { masked, numChannels } = mask;
  return (patch, channel) => masked[patch * numChannels + channel] === 1;
}
