import {
  type DropoutStreams,
  type InitRules,
  initialize,
  LayerNorm,
  Module,
  normal,
  ones,
  Parameter,
  PatchEmbed,
  TransformerBlock,
  truncNormal,
  zeros,
} from "@graticule/nn";
import { add, type Tensor, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { prependClsToken } from "../prepend-cls-token.js";
import { checkVitConfig, numPatches, prefixTokens, type VitConfig } from "./config.js";
import { GroupedPatchEmbed } from "./grouped-patch-embed.js";
import { poolTokens } from "./pool-tokens.js";

/**
 * Vision transformer with timm's tensor names: learned positions, a class token, pre-norm blocks. With `pool: "cls"` the
 * tokens pass a last LayerNorm `norm`; with `pool: "mean"` their mean passes `fc_norm` instead, as in timm and in MAE's
 * fine-tuning. Without a class token `norm` is before the mean, as in SigLIP's tower. With `channelGroups` it is SatMAE's for images of many bands: N tokens for each group.
 *
 * Shape: images `[B, C, H, W]` → features `[B, D]`.
 * Source: Dosovitskiy et al. 2021, §3.1, arXiv:2010.11929; Cong et al. 2022 (SatMAE), §3.3, arXiv:2207.08051.
 *
 * @throws {ShapeError} if the images don't fit the configuration.
 */
export class Vit extends Module {
  readonly config: VitConfig;
  readonly patchEmbed: PatchEmbed | GroupedPatchEmbed;
  readonly clsToken: Parameter | undefined;
  readonly posEmbed: Parameter;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm | undefined;
  readonly fcNorm: LayerNorm | undefined;

  constructor(config: VitConfig) {
    super();
    this.config = checkVitConfig(config);
    const { embedDim, depth, pool, normEpsilon, dropPathRate = 0, channelGroups } = config;
    this.patchEmbed = channelGroups ? new GroupedPatchEmbed(config, channelGroups) : new PatchEmbed(config);
    const prefix = prefixTokens(config);
    this.clsToken = prefix > 0 ? new Parameter([1, 1, embedDim]) : undefined;
    this.posEmbed = new Parameter([1, prefix + numPatches(config), embedDim - (channelGroups?.embedDim ?? 0)]);
    const rateOf = (block: number): number => (dropPathRate * block) / Math.max(1, depth - 1);
    this.blocks = Array.from(
      { length: depth },
      (_, block) => new TransformerBlock({ ...config, dropPathRate: rateOf(block) }),
    );
    this.norm = pool === "cls" || prefix === 0 ? new LayerNorm(embedDim, normEpsilon) : undefined;
    this.fcNorm = pool === "mean" && prefix > 0 ? new LayerNorm(embedDim, normEpsilon) : undefined;
  }

  /**
   * All tokens, class token first: `[B, C, H, W] → [B, 1 + N, D]`, without it `[B, N, D]`, with G groups of channels `[B, 1 + G·N, D]`; normalized by
   * `norm` where the model has it. Random streams make it drop paths at the model's rate.
   */
  forwardFeatures(images: Tensor, streams?: DropoutStreams): Tensor3D {
    return tidy(() => {
      const [x] = this.tokensAfter(images, [this.blocks.length - 1], streams) as [Tensor];
      return (this.norm ? this.norm.forward(x) : x) as Tensor3D;
    });
  }

  /** All tokens behind some blocks, in the order asked for, not normalized: `[B, C, H, W]` → each `[B, 1 + N, D]`. */
  tokensAfter(images: Tensor, blocks: readonly number[], streams?: DropoutStreams): Tensor3D[] {
    return tidy(() => {
      const { patchEmbed, clsToken, posEmbed } = this;
      const patches = patchEmbed.forward(images); // [B, N, D]
      const places = posEmbed.variable;
      const positions = patchEmbed instanceof GroupedPatchEmbed ? patchEmbed.positions(places) : places;
      let x: Tensor = add(clsToken ? prependClsToken(patches, clsToken.variable) : patches, positions);
      const found = new Map<number, Tensor>();
      for (const [index, block] of this.blocks.entries()) {
        x = block.forward(x, streams && ((place, image) => streams(`blocks.${index}.${place}`, image)));
        if (blocks.includes(index)) found.set(index, x);
      }
      return blocks.map((block) => found.get(block) as Tensor3D);
    });
  }

  /** One vector per image, what a head works on: `[B, C, H, W] → [B, D]`. */
  features(images: Tensor, streams?: DropoutStreams): Tensor2D {
    return tidy(() => {
      const pooled = poolTokens(this.forwardFeatures(images, streams), this.config.pool, prefixTokens(this.config));
      return (this.fcNorm ? this.fcNorm.forward(pooled) : pooled) as Tensor2D;
    });
  }

  forward(images: Tensor, streams?: DropoutStreams): Tensor2D {
    return this.features(images, streams);
  }
}

/**
 * timm's first values, save that the patch projection too is truncated normal: weights and positions 0.02, class token
 * 1e-6, biases 0, LayerNorm 1 and 0.
 */
export function vitInitRules({ classToken = true }: Pick<VitConfig, "classToken">): InitRules {
  return [
    ["**.bias", zeros],
    ["**norm*.weight", ones],
    ...(classToken ? ([["**cls_token", normal(1e-6)]] as const) : []),
    ["**", truncNormal(0.02)],
  ];
}

/** Builds a ViT with its first values, which depend on the seed and each parameter's path alone. */
export function makeVit(config: VitConfig, { seed }: { readonly seed: number }): Vit {
  return initialize(new Vit(config), vitInitRules(config), seed);
}
