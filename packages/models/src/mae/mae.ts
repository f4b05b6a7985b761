import { ShapeError } from "@graticule/core";
import {
  constantValues,
  type InitRules,
  initialize,
  LayerNorm,
  Linear,
  Module,
  normal,
  ones,
  Parameter,
  PatchEmbed,
  sinCosPositionEmbedding2d,
  TransformerBlock,
  xavierUniform,
  zeros,
} from "@graticule/nn";
import { gatherTokens } from "@graticule/ops";
import {
  add,
  concat,
  gather,
  reshape,
  slice,
  type Tensor,
  type Tensor3D,
  tensor1d,
  tidy,
  zeros as zeroTensor,
} from "@tensorflow/tfjs-core";
import { prependClsToken } from "../prepend-cls-token.js";
import { numPatches, patchGrid } from "../vit/config.js";
import { checkMaeConfig, type MaeConfig } from "./config.js";
import type { TokenMask } from "./token-mask.js";

/**
 * Masked autoencoder with the tensor names of facebookresearch/mae: a ViT encoder sees the kept patches only, a small
 * decoder predicts the pixels of all patches. Positions are fixed sines and cosines.
 *
 * Shape: images `[B, C, H, W]` and a mask of B × N patches → prediction `[B, N, P·P·C]`.
 * Layout: a predicted patch is in the order (row, column, channel).
 * Source: He et al. 2022, arXiv:2111.06377.
 *
 * @throws {ShapeError} if the images or the mask don't fit the configuration.
 */
export class Mae extends Module {
  readonly config: MaeConfig;
  readonly patchEmbed: PatchEmbed;
  readonly clsToken: Parameter;
  readonly posEmbed: Parameter;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm;
  readonly decoderEmbed: Linear;
  readonly maskToken: Parameter;
  readonly decoderPosEmbed: Parameter;
  readonly decoderBlocks: TransformerBlock[];
  readonly decoderNorm: LayerNorm;
  readonly decoderPred: Linear;

  constructor(config: MaeConfig) {
    super();
    this.config = checkMaeConfig(config);
    const { embedDim, depth, decoderEmbedDim, decoderDepth, inChannels, patchSize, normEpsilon } = config;
    const positions = 1 + numPatches(config);
    const decoderBlock = {
      embedDim: decoderEmbedDim,
      numHeads: config.decoderNumHeads,
      mlpDim: config.decoderMlpDim,
      ...(normEpsilon !== undefined && { normEpsilon }),
    };
    this.patchEmbed = new PatchEmbed(config);
    this.clsToken = new Parameter([1, 1, embedDim]);
    this.posEmbed = new Parameter([1, positions, embedDim], { trainable: false });
    this.blocks = Array.from({ length: depth }, () => new TransformerBlock(config));
    this.norm = new LayerNorm(embedDim, normEpsilon);
    this.decoderEmbed = new Linear(embedDim, decoderEmbedDim);
    this.maskToken = new Parameter([1, 1, decoderEmbedDim]);
    this.decoderPosEmbed = new Parameter([1, positions, decoderEmbedDim], { trainable: false });
    this.decoderBlocks = Array.from({ length: decoderDepth }, () => new TransformerBlock(decoderBlock));
    this.decoderNorm = new LayerNorm(decoderEmbedDim, normEpsilon);
    this.decoderPred = new Linear(decoderEmbedDim, patchSize * patchSize * inChannels);
  }

  forward(images: Tensor, mask: TokenMask): { prediction: Tensor3D; latent: Tensor3D } {
    const latent = this.encode(images, mask);
    return { prediction: this.decode(latent, mask), latent };
  }

  /** Encodes the kept patches: `[B, C, H, W] → [B, 1 + K, D]`, class token first, patches in the order of `mask.keep`. */
  encode(images: Tensor, mask: TokenMask): Tensor3D {
    this.#checkMask(images, mask);
    return tidy(() => {
      const { batchSize, numKept, keep } = mask;
      const { embedDim } = this.config;
      const position = this.posEmbed.variable;
      const kept = this.patchEmbed.cut(images, keep); // [B, K, C·P·P]
      const keptPosition = reshape(
        gather(reshape(slice(position, [0, 1, 0]), [-1, embedDim]), tensor1d(keep, "int32")),
        [batchSize, numKept, embedDim],
      );
      const clsToken = add(this.clsToken.variable, slice(position, [0, 0, 0], [1, 1, -1])); // [1, 1, D]
      let x: Tensor = prependClsToken(add(this.patchEmbed.project(kept), keptPosition), clsToken);
      for (const block of this.blocks) x = block.forward(x);
      return this.norm.forward(x) as Tensor3D;
    });
  }

  /** Predicts all patches from the encoder's output: `[B, 1 + K, D] → [B, N, P·P·C]`. */
  decode(latent: Tensor, mask: TokenMask): Tensor3D {
    return tidy(() => {
      const { batchSize, numTokens, numKept, restore } = mask;
      const { decoderEmbedDim } = this.config;
      const embedded = this.decoderEmbed.forward(latent) as Tensor3D; // [B, 1 + K, decoder D]
      const masked = zeroTensor([batchSize, numTokens - numKept, decoderEmbedDim]);
      const shuffled = concat([slice(embedded, [0, 1, 0]), add<Tensor3D>(masked, this.maskToken.variable)], 1);
      const clsToken = slice(embedded, [0, 0, 0], [-1, 1, -1]);
      let x: Tensor = concat([clsToken, gatherTokens(shuffled, restore) as Tensor3D], 1); // [B, 1 + N, decoder D]
      x = add(x, this.decoderPosEmbed.variable);
      for (const block of this.decoderBlocks) x = block.forward(x);
      const prediction = this.decoderPred.forward(this.decoderNorm.forward(x));
      return slice(prediction as Tensor3D, [0, 1, 0]);
    });
  }

  #checkMask(images: Tensor, mask: TokenMask): void {
    const expected = numPatches(this.config);
    if (mask.numTokens !== expected || mask.batchSize !== images.shape[0])
      throw new ShapeError(
        "Mae",
        `a mask of ${images.shape[0]} × ${expected} patches`,
        `${mask.batchSize} × ${mask.numTokens}`,
        "Make the mask for this batch and the model's number of patches.",
      );
  }
}

/** MAE's first values: Xavier uniform weights, tokens normal 0.02, biases 0, LayerNorm 1 and 0, sin-cos positions. */
export function maeInitRules(config: MaeConfig): InitRules {
  const grid = patchGrid(config);
  const positions = (embedDim: number) => constantValues(sinCosPositionEmbedding2d({ embedDim, grid, clsToken: true }));
  return [
    ["pos_embed", positions(config.embedDim)],
    ["decoder_pos_embed", positions(config.decoderEmbedDim)],
    ["{cls,mask}_token", normal(0.02)],
    ["**.bias", zeros],
    ["**norm*.weight", ones],
    ["**.weight", xavierUniform],
  ];
}

/** Builds a masked autoencoder with its first values, which depend on the seed and each parameter's path alone. */
export function makeMae(config: MaeConfig, { seed }: { readonly seed: number }): Mae {
  return initialize(new Mae(config), maeInitRules(config), seed);
}
