import type { Module } from "@graticule/nn";
import { ChannelVit } from "./channel-vit/channel-vit.js";
import type { ChannelVitConfig } from "./channel-vit/config.js";
import type { ClassifierConfig } from "./classifier/classifier.js";
import type { HyperspectralMaeConfig } from "./hyperspectral-mae/config.js";
import { HyperspectralMae } from "./hyperspectral-mae/hyperspectral-mae.js";
import type { MaeConfig } from "./mae/config.js";
import { numPatches, type VitConfig } from "./vit/config.js";
import { Vit } from "./vit/vit.js";

/**
 * The number of values in a model's state dict, from its configuration alone; a masked autoencoder's fixed positions
 * count too.
 */
export function countParameters(
  config: VitConfig | ClassifierConfig | MaeConfig | ChannelVitConfig | HyperspectralMaeConfig,
): number {
  if ("channelTree" in config)
    return countOf("outChannels" in config ? new ChannelVit(config) : new HyperspectralMae(config));
  const { embedDim, depth, mlpDim, inChannels, patchSize } = config;
  const tokens = 1 + numPatches(config);
  const patchValues = inChannels * patchSize * patchSize;
  const encoder =
    linear(patchValues, embedDim) + embedDim + tokens * embedDim + depth * block(embedDim, mlpDim) + 2 * embedDim;
  if ("decoderEmbedDim" in config) {
    const { decoderEmbedDim, decoderDepth, decoderMlpDim } = config;
    const decoder =
      linear(embedDim, decoderEmbedDim) +
      decoderEmbedDim +
      tokens * decoderEmbedDim +
      decoderDepth * block(decoderEmbedDim, decoderMlpDim) +
      2 * decoderEmbedDim +
      linear(decoderEmbedDim, patchValues);
    return encoder + decoder;
  }
  const grouped = "channelGroups" in config && config.channelGroups ? countOf(new Vit(config)) : encoder;
  return "numClasses" in config ? grouped + linear(embedDim, config.numClasses) : grouped;
}

/** Of a model that was just built, which takes no storage. */
const countOf = (model: Module): number => model.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);

const linear = (inFeatures: number, outFeatures: number): number => (inFeatures + 1) * outFeatures;

/** Two norms, qkv and proj, fc1 and fc2. */
const block = (embedDim: number, mlpDim: number): number =>
  4 * embedDim +
  linear(embedDim, 3 * embedDim) +
  linear(embedDim, embedDim) +
  linear(embedDim, mlpDim) +
  linear(mlpDim, embedDim);
