import { ShapeError } from "@graticule/core";
import {
  type DropoutStreams,
  dropout,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  sinCosPositionEmbedding1d,
  TransformerBlock,
} from "@graticule/nn";
import { add, mul, reshape, type Tensor, type Tensor3D, tensor1d, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { numPatches } from "../vit/config.js";
import { ChannelGroup } from "./channel-group.js";
import { type ChannelMask, readChannelMask } from "./channel-mask.js";
import type { ChannelCondition, ChannelEncoderConfig } from "./config.js";

/** ClimaX gives the model its lead time in units of so many hours. */
const LEAD_TIME_UNIT_HOURS = 100;

export interface EncodeOptions {
  /** Units: hours. One for each image; needed where the model has a lead time. */
  readonly leadTimeHours?: ArrayLike<number>;
  readonly channelMask?: ChannelMask;
  /** `[B, noiseDim]`, standard normal; needed where the model has noise. */
  readonly noise?: Tensor;
  /** Drops values and branches at the model's rates, for training; nothing is dropped if absent. */
  readonly dropout?: DropoutStreams;
}

/**
 * What models of many channels share: the channels' patches become one token at each position, then a transformer mixes
 * positions.
 *
 * Source: Nguyen et al. 2023 (ClimaX), §3.2, arXiv:2301.10343; Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411.
 */
export abstract class ChannelEncoder<C extends ChannelEncoderConfig = ChannelEncoderConfig> extends Module {
  readonly config: Readonly<C>;
  readonly channels: ChannelGroup;
  readonly channelCondition: Linear | undefined;
  readonly posEmbed: Parameter;
  readonly leadTimeEmbed: Linear | undefined;
  readonly noiseEmbed: Linear | undefined;
  readonly blocks: TransformerBlock[];
  readonly norm: LayerNorm;

  /** Takes a configuration that was checked. */
  constructor(config: Readonly<C>) {
    super();
    this.config = config;
    const { embedDim, depth, channelTree, leadTime, noiseDim, channelCondition } = config;
    this.channels = new ChannelGroup(channelTree, config);
    this.channelCondition = channelCondition ? new Linear(embedDim, embedDim) : undefined;
    this.posEmbed = new Parameter([1, numPatches(config), embedDim]);
    this.leadTimeEmbed = leadTime ? new Linear(1, embedDim) : undefined;
    this.noiseEmbed = noiseDim > 0 ? new Linear(noiseDim, embedDim) : undefined;
    const pathRate = (block: number): number => (block === 0 ? 0 : (config.dropPathRate * block) / (depth - 1));
    this.blocks = Array.from(
      { length: depth },
      (_, block) => new TransformerBlock({ ...config, dropPathRate: pathRate(block) }),
    );
    this.norm = new LayerNorm(embedDim, config.normEpsilon);
  }

  /**
   * One token at each position, before the transformer and without positions: `[B, C, H, W] → [B, K, D]`, K the patches
   * of each image that `keep` names (B·K values), or all N. Where processes share the groups of channels, images may have
   * this process's `channels.heldChannels` only.
   *
   * @throws {ShapeError} if images or mask don't fit the configuration.
   */
  aggregate(
    images: Tensor,
    options: { readonly keep?: Int32Array; readonly channelMask?: ChannelMask } = {},
  ): Tensor3D {
    const { inChannels, imageSize, embedDim, channelCondition } = this.config;
    const [batch = 0, channels, height, width] = images.shape;
    const held = this.channels.heldChannels;
    const isKnown = channels === inChannels || channels === held.length;
    if (images.rank !== 4 || !isKnown || height !== imageSize[0] || width !== imageSize[1])
      throw new ShapeError(
        this.constructor.name,
        `images [B, ${held.length < inChannels ? `${held.length} of ` : ""}${[inChannels, ...imageSize].join(", ")}]`,
        `[${images.shape.join(", ")}]`,
        "Regrid to the model's imageSize; name missing channels in channelMask.",
      );
    const { keep, channelMask } = options;
    const patches = keep ? keep.length / batch : numPatches(this.config);
    const seen = readChannelMask(channelMask, { batch, patches, channels: inChannels });
    return tidy(() => {
      const condition = channelCondition && this.#condition(channelCondition);
      const places = channels === inChannels ? undefined : new Map(held.map((channel, place) => [channel, place]));
      const given = { ...(keep && { keep }), ...(condition && { condition }), ...(places && { places }) };
      const made = this.channels.forward({ images, seen, ...given });
      return reshape((made as { token: Tensor }).token, [batch, patches, embedDim]);
    });
  }

  /** Adds what the model is told beside the images to tokens at all positions: lead time and noise. */
  protected addConditions(tokens: Tensor, { leadTimeHours, noise }: EncodeOptions): Tensor {
    const { noiseDim } = this.config;
    const batch = tokens.shape[0] as number;
    let x = tokens;
    if (this.leadTimeEmbed) {
      if (leadTimeHours?.length !== batch)
        throw new ShapeError("leadTimeHours", `${batch} hours`, `${leadTimeHours?.length ?? "none"}`);
      const units = tensor2d(
        Float32Array.from(leadTimeHours, (hours) => hours / LEAD_TIME_UNIT_HOURS),
        [batch, 1],
      );
      x = add(x, reshape(this.leadTimeEmbed.forward(units), [batch, 1, -1]));
    }
    if (this.noiseEmbed) {
      if (noise?.shape.join() !== `${batch},${noiseDim}`)
        throw new ShapeError("noise", `[${batch}, ${noiseDim}]`, noise ? `[${noise.shape.join(", ")}]` : "none");
      x = add(x, reshape(this.noiseEmbed.forward(noise), [batch, 1, -1]));
    }
    return x;
  }

  /** Normalized tokens of all positions: `[B, C, H, W] → [B, N, D]`. */
  encode(images: Tensor, options: EncodeOptions = {}): Tensor3D {
    const { channelMask } = options;
    return tidy(() => {
      const tokens = this.aggregate(images, channelMask ? { channelMask } : {});
      return this.transform(this.addConditions(add(tokens, this.posEmbed.variable), options), options.dropout);
    });
  }

  /** The transformer's blocks and the last norm. */
  protected transform(tokens: Tensor, streams?: DropoutStreams): Tensor3D {
    const [x] = this.tokensAfter(tokens, [this.blocks.length - 1], streams) as [Tensor];
    return this.norm.forward(x) as Tensor3D;
  }

  /** What tokens with positions are behind some blocks, in the order asked for, not normalized: each `[B, N, D]`. */
  protected tokensAfter(tokens: Tensor, blocks: readonly number[], streams?: DropoutStreams): Tensor[] {
    let x = streams ? dropout(tokens, { dropRate: this.config.dropRate }, "tokens", streams) : tokens;
    const found = new Map<number, Tensor>();
    for (const [index, block] of this.blocks.entries()) {
      x = block.forward(x, streams && ((place, image) => streams(`blocks.${index}.${place}`, image)));
      if (blocks.includes(index)) found.set(index, x);
    }
    return blocks.map((block) => found.get(block) as Tensor);
  }

  /** `[C, D]`; a channel without a number gets zeros. */
  #condition(condition: ChannelCondition): Tensor {
    const { embedDim, inChannels } = this.config;
    const numbers = "wavelengthsNm" in condition ? condition.wavelengthsNm : condition.levelsHpa;
    const features = sinCosPositionEmbedding1d({ embedDim, positions: numbers.map((value) => value ?? 0) });
    const known = tensor1d(numbers.map((value) => (value === null ? 0 : 1)));
    const embedded = (this.channelCondition as Linear).forward(tensor2d(features, [inChannels, embedDim]));
    return mul(embedded, reshape(known, [inChannels, 1]));
  }
}
