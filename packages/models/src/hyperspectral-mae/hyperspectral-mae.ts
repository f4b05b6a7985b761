import { ShapeError } from "@graticule/core";
import {
  constantValues,
  type DropoutStreams,
  type InitRules,
  initialize,
  LayerNorm,
  Linear,
  normal,
  Parameter,
  sinCosPositionEmbedding2d,
  TransformerBlock,
  xavierUniform,
} from "@graticule/nn";
import { gatherTokens } from "@graticule/ops";
import {
  add,
  concat,
  gather,
  mul,
  reshape,
  sub,
  type Tensor,
  type Tensor3D,
  tensor1d,
  tensor3d,
  tidy,
  zeros as zeroTensor,
} from "@tensorflow/tfjs-core";
import { ChannelEncoder } from "../channel-vit/channel-encoder.js";
import { channelEncoderInitRules } from "../channel-vit/init-rules.js";
import type { TokenMask } from "../mae/token-mask.js";
import { numPatches, patchGrid } from "../vit/config.js";
import { checkHyperspectralMaeConfig, type HyperspectralMaeConfig } from "./config.js";
import type { SpectralMask } from "./spectral-mask.js";

/**
 * Masked autoencoder of images of many bands. With a `TokenMask` whole patches are hidden and the encoder sees the others:
 * D-CHAG masks after the aggregation of channels, but positions do not mix there, so only the kept patches are aggregated
 * and the numbers are the same. With a `SpectralMask` a patch shows some of its channels, and the encoder sees all patches.
 *
 * Shape: images `[B, C, H, W]` and a mask of B × N patches → prediction `[B, N, P·P·C]`.
 * Layout: a predicted patch is in the order (row, column, channel).
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411; He et al. 2022, arXiv:2111.06377.
 *
 * @throws {ShapeError} if the images or the mask don't fit the configuration.
 */
export class HyperspectralMae extends ChannelEncoder<HyperspectralMaeConfig> {
  readonly decoderEmbed: Linear;
  readonly maskToken: Parameter;
  readonly decoderPosEmbed: Parameter;
  readonly decoderBlocks: TransformerBlock[];
  readonly decoderNorm: LayerNorm;
  readonly decoderPred: Linear;

  constructor(config: HyperspectralMaeConfig) {
    super(checkHyperspectralMaeConfig(config));
    const { embedDim, decoderEmbedDim, decoderDepth, inChannels, patchSize } = config;
    const block = { embedDim: decoderEmbedDim, numHeads: config.decoderNumHeads, mlpDim: config.decoderMlpDim };
    this.decoderEmbed = new Linear(embedDim, decoderEmbedDim);
    this.maskToken = new Parameter([1, 1, decoderEmbedDim]);
    this.decoderPosEmbed = new Parameter([1, numPatches(config), decoderEmbedDim]);
    this.decoderBlocks = Array.from({ length: decoderDepth }, () => new TransformerBlock(block));
    this.decoderNorm = new LayerNorm(decoderEmbedDim);
    this.decoderPred = new Linear(decoderEmbedDim, patchSize * patchSize * inChannels);
  }

  /** Random streams make the encoder drop at the model's rates; nothing is dropped without them. */
  forward(images: Tensor, mask: TokenMask | SpectralMask, streams?: DropoutStreams): Tensor3D {
    this.#checkMask(images, mask);
    return tidy(() => {
      const tokens =
        "keep" in mask ? this.#throughKept(images, mask, streams) : this.#throughSeen(images, mask, streams); // [B, N, decoder D]
      let x = add(tokens, this.decoderPosEmbed.variable);
      for (const block of this.decoderBlocks) x = block.forward(x);
      return this.decoderPred.forward(this.decoderNorm.forward(x)) as Tensor3D;
    });
  }

  /** Encodes the kept patches and puts mask tokens in the others' places. */
  #throughKept(images: Tensor, mask: TokenMask, streams?: DropoutStreams): Tensor {
    const { keep, restore, batchSize, numTokens, numKept } = mask;
    const { embedDim, decoderEmbedDim } = this.config;
    const positions = gather(reshape(this.posEmbed.variable, [numTokens, embedDim]), tensor1d(keep, "int32"));
    const tokens = add(this.aggregate(images, { keep }), reshape(positions, [batchSize, numKept, embedDim]));
    const kept = this.decoderEmbed.forward(this.transform(tokens, streams)) as Tensor3D;
    const hidden = zeroTensor([batchSize, numTokens - numKept, decoderEmbedDim]);
    return gatherTokens(concat([kept, add<Tensor3D>(hidden, this.maskToken.variable)], 1), restore);
  }

  /** Encodes all patches by the channels that they show; one that shows none counts as a mask token. */
  #throughSeen(images: Tensor, mask: SpectralMask, streams?: DropoutStreams): Tensor {
    const { masked, batchSize, numTokens, numChannels } = mask;
    const channelMask = masked.map((value) => 1 - value);
    const tokens = add(this.aggregate(images, { channelMask }), this.posEmbed.variable);
    const embedded = this.decoderEmbed.forward(this.transform(tokens, streams));
    const shows = new Float32Array(batchSize * numTokens);
    for (const [index, value] of channelMask.entries()) if (value === 1) shows[Math.floor(index / numChannels)] = 1;
    const seen = tensor3d(shows, [batchSize, numTokens, 1]);
    return add(mul(embedded, seen), mul(this.maskToken.variable, sub(1, seen)));
  }

  #checkMask(images: Tensor, mask: TokenMask | SpectralMask): void {
    const expected = numPatches(this.config);
    const channels = "keep" in mask ? this.config.inChannels : mask.numChannels;
    if (mask.numTokens !== expected || mask.batchSize !== images.shape[0] || channels !== this.config.inChannels)
      throw new ShapeError(
        "HyperspectralMae",
        `a mask of ${images.shape[0]} × ${expected} patches and ${this.config.inChannels} channels`,
        `${mask.batchSize} × ${mask.numTokens} and ${channels}`,
        "Make the mask for this batch and the model's number of patches.",
      );
  }
}

/**
 * First values: positions sines and cosines, in the decoder too, and weights Xavier uniform as in MAE. With D-CHAG's
 * truncated normal 0.02 what reaches the blocks of a narrow model is 1e-4 of the positions: it predicts means for long.
 *
 * Source: He et al. 2022, arXiv:2111.06377, its code.
 */
export function hyperspectralMaeInitRules(config: HyperspectralMaeConfig): InitRules {
  const grid = patchGrid(config);
  const positions = sinCosPositionEmbedding2d({ embedDim: config.decoderEmbedDim, grid, clsToken: false });
  return [
    ["decoder_pos_embed", constantValues(positions)],
    ["mask_token", normal(0.02)],
    ...channelEncoderInitRules(config, xavierUniform),
  ];
}

/** Builds a masked autoencoder with its first values, which depend on the seed and each parameter's path alone. */
export function makeHyperspectralMae(
  config: HyperspectralMaeConfig,
  { seed }: { readonly seed: number },
): HyperspectralMae {
  return initialize(new HyperspectralMae(config), hyperspectralMaeInitRules(config), seed);
}
