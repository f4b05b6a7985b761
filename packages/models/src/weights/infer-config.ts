import { MismatchError } from "@graticule/core";
import type { GeluForm, TensorFile } from "@graticule/nn";
import { checkMaeConfig, type MaeConfig } from "../mae/config.js";
import { checkVitConfig, type EncoderConfig, type Pool, prefixTokens, type VitConfig } from "../vit/config.js";
import { vitPresets } from "../vit/presets.js";

/** What tensors alone don't tell of a model. */
export interface KnownShape {
  /** Those of the preset as wide, where there is one. */
  readonly numHeads?: number;
  /** The paper's 16 unless given. */
  readonly decoderNumHeads?: number;
  /** [H, W] in pixels that the positions are for; a square unless given. */
  readonly imageSize?: readonly [number, number];
  readonly normEpsilon: number;
  /** Of the blocks' MLP; the exact GELU unless given. */
  readonly activation?: GeluForm;
  /** Whether a class token comes first; true unless given. */
  readonly classToken?: boolean;
  /** Whether positions may be those of several dates. */
  readonly hasFrames?: boolean;
  /** Channels of each group, where the weights have groups: indices of the model's channels. The family's unless given. */
  readonly channelGroups?: readonly (readonly number[])[];
}

/** A model that tensors fit, and how many dates its positions are for. */
export interface InferredConfig {
  readonly config: (VitConfig & { readonly numClasses?: number }) | MaeConfig;
  readonly numFrames: number;
}

/**
 * The configuration of the ViT, classifier or masked autoencoder that tensors in our names are of, by their shapes.
 *
 * @throws {MismatchError} if they are of none, or something has to be told.
 */
export function inferConfig({ tensors }: Pick<TensorFile, "tensors">, known: KnownShape): InferredConfig {
  const shapeOf = (name: string, dims: number): readonly number[] => {
    const shape = tensors.get(name)?.shape;
    if (shape?.length === dims) return shape;
    const got = shape ? `[${shape}]` : "none";
    throw mismatch(`'${name}' with ${dims} dimensions`, got, `The file's tensors are ${firstNames(tensors)}.`);
  };
  const isGrouped = tensors.has("patch_embed.groups.0.proj.weight");
  const projections = isGrouped ? groupsOf(tensors) : ["patch_embed.proj.weight"];
  const shapes = projections.map((name) => shapeOf(name, 4) as [number, number, number, number]);
  const [embedDim, , patchSize, patchWidth] = shapes[0]!;
  const inChannels = shapes.reduce((sum, [, channels]) => sum + channels, 0);
  if (patchSize !== patchWidth) throw mismatch("square patches", `${patchSize} × ${patchWidth}`);
  const [, positions] = shapeOf("pos_embed", 3) as [number, number, number];
  const { imageSize, numFrames } = inferImageSize(positions - prefixTokens(known), patchSize, known);
  const [mlpDim] = shapeOf("blocks.0.mlp.fc1.weight", 2) as [number, number];
  const encoder: EncoderConfig = {
    ...{ imageSize, patchSize, inChannels, embedDim, mlpDim },
    depth: countBlocks(tensors, "blocks"),
    numHeads: known.numHeads ?? headsOf(embedDim),
    normEpsilon: known.normEpsilon,
  };
  const ofGroups = isGrouped && {
    channelGroups: {
      channels: channelsOfGroups(
        shapes.map(([, channels]) => channels),
        known,
      ),
      embedDim: shapeOf("patch_embed.channel_embed", 3)[2] as number,
      ...(tensors.has("patch_embed.channel_cls_embed") && { classToken: true }),
    },
  };
  if (tensors.has("decoder_embed.weight")) {
    if (isGrouped)
      throw mismatch("an encoder alone, of grouped channels", "a decoder", "Skip decoder_** and mask_token.");
    const [decoderEmbedDim] = shapeOf("decoder_embed.weight", 2) as [number, number];
    const [decoderMlpDim] = shapeOf("decoder_blocks.0.mlp.fc1.weight", 2) as [number, number];
    const decoderDepth = countBlocks(tensors, "decoder_blocks");
    const decoder = { decoderEmbedDim, decoderDepth, decoderMlpDim, decoderNumHeads: known.decoderNumHeads ?? 16 };
    return { config: checkMaeConfig({ ...encoder, ...decoder }), numFrames };
  }
  const pool: Pool = tensors.has("fc_norm.weight") || known.classToken === false ? "mean" : "cls";
  const numClasses = tensors.get("head.weight")?.shape[0];
  const { activation, classToken } = known;
  const config = {
    ...{ ...encoder, pool, ...ofGroups },
    ...(classToken !== undefined && { classToken }),
    ...(activation && { activation }),
    ...(numClasses !== undefined && { numClasses }),
  } as const;
  return { config: checkVitConfig(config), numFrames };
}

/** Names of the groups' patch projections. */
function groupsOf(tensors: TensorFile["tensors"]): string[] {
  const names: string[] = [];
  for (let group = 0; tensors.has(`patch_embed.groups.${group}.proj.weight`); group++)
    names.push(`patch_embed.groups.${group}.proj.weight`);
  return names;
}

function channelsOfGroups(sizes: readonly number[], { channelGroups }: KnownShape): readonly (readonly number[])[] {
  if (channelGroups && `${channelGroups.map(({ length }) => length)}` === `${sizes}`) return channelGroups;
  throw mismatch(
    `channelGroups of ${sizes.join(", ")} channels`,
    JSON.stringify(channelGroups ?? "none"),
    "Weights don't tell which channels a group has; say it.",
  );
}

function inferImageSize(
  patches: number,
  patchSize: number,
  { imageSize, hasFrames = false }: KnownShape,
): { imageSize: readonly [number, number]; numFrames: number } {
  if (hasFrames && !imageSize)
    throw mismatch(
      "the image size that the weights were trained at",
      "none",
      "Their positions may be those of several dates.",
    );
  const side = Math.sqrt(patches) * patchSize;
  const size = imageSize ?? ([side, side] as const);
  const numFrames = patches / ((size[0] / patchSize) * (size[1] / patchSize));
  const fits = size.every((length) => Number.isSafeInteger(length / patchSize)) && Number.isSafeInteger(numFrames);
  if (fits && (numFrames === 1 || hasFrames)) return { imageSize: size, numFrames };
  throw mismatch(
    imageSize ? `positions for ${imageSize[0]} × ${imageSize[1]} pixels` : "positions for a square image",
    `${patches} patches of ${patchSize} pixels`,
    "Give the image size that the weights were trained at.",
  );
}

function countBlocks(tensors: TensorFile["tensors"], list: string): number {
  let depth = 0;
  while (tensors.has(`${list}.${depth}.norm1.weight`)) depth += 1;
  return depth;
}

function headsOf(embedDim: number): number {
  const preset = Object.values(vitPresets).find((each) => each.embedDim === embedDim);
  if (preset) return preset.numHeads;
  throw mismatch("the number of heads", `none for a width of ${embedDim}`, "Weights don't tell it; give numHeads.");
}

function firstNames(tensors: TensorFile["tensors"]): string {
  const names = [...tensors.keys()];
  return `${names.slice(0, 4).join(", ")}${names.length > 4 ? ", …" : ""}`;
}

function mismatch(expected: string, got: string, advice?: string): MismatchError {
  return new MismatchError("importWeights", expected, got, advice);
}
