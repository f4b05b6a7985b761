import { MismatchError } from "@graticule/core";
import type { TensorFile } from "@graticule/nn";
import { checkMaeConfig, type MaeConfig } from "../mae/config.js";
import { checkVitConfig, type EncoderConfig, type VitConfig } from "../vit/config.js";
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
  /** Whether positions may be those of several dates. */
  readonly hasFrames?: boolean;
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
  const [embedDim, inChannels, patchSize, patchWidth] = shapeOf("patch_embed.proj.weight", 4) as [
    number,
    number,
    number,
    number,
  ];
  if (patchSize !== patchWidth) throw mismatch("square patches", `${patchSize} × ${patchWidth}`);
  const [, positions] = shapeOf("pos_embed", 3) as [number, number, number];
  const { imageSize, numFrames } = inferImageSize(positions - 1, patchSize, known);
  const [mlpDim] = shapeOf("blocks.0.mlp.fc1.weight", 2) as [number, number];
  const encoder: EncoderConfig = {
    ...{ imageSize, patchSize, inChannels, embedDim, mlpDim },
    depth: countBlocks(tensors, "blocks"),
    numHeads: known.numHeads ?? headsOf(embedDim),
    normEpsilon: known.normEpsilon,
  };
  if (tensors.has("decoder_embed.weight")) {
    const [decoderEmbedDim] = shapeOf("decoder_embed.weight", 2) as [number, number];
    const [decoderMlpDim] = shapeOf("decoder_blocks.0.mlp.fc1.weight", 2) as [number, number];
    const decoderDepth = countBlocks(tensors, "decoder_blocks");
    const decoder = { decoderEmbedDim, decoderDepth, decoderMlpDim, decoderNumHeads: known.decoderNumHeads ?? 16 };
    return { config: checkMaeConfig({ ...encoder, ...decoder }), numFrames };
  }
  const pool = tensors.has("fc_norm.weight") ? "mean" : "cls";
  const numClasses = tensors.get("head.weight")?.shape[0];
  const config = { ...encoder, pool, ...(numClasses !== undefined && { numClasses }) } as const;
  return { config: checkVitConfig(config), numFrames };
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
