import { expectation } from "@graticule/core";
import { Module, Parameter, PatchEmbed, type PatchEmbedOptions } from "@graticule/nn";
import { add, concat, gather, reshape, slice, type Tensor, tensor1d, tidy, zeros } from "@tensorflow/tfjs-core";

/** How a model's channels are divided into groups that have tokens of their own. */
export interface ChannelGroups {
  /** Indices of each group's channels; each channel is in one group. */
  readonly channels: readonly (readonly number[])[];
  /** Values at the end of a position's embedding that tell the groups apart; those before are its place's. */
  readonly embedDim: number;
  /** Whether the class token has such values too; false unless given. */
  readonly classToken?: boolean;
}

/** @throws {RangeError} if the groups don't hold each of C channels once, or leave the D of a token no place for positions. */
export function checkChannelGroups(where: string, groups: ChannelGroups, inChannels: number, embedDim: number): void {
  const channels = groups.channels.flat();
  const isEach = [...channels].sort((a, b) => a - b).every((channel, index) => channel === index);
  if (!isEach || channels.length !== inChannels || groups.channels.some(({ length }) => length === 0))
    throw new RangeError(
      expectation(
        where,
        `channelGroups with each of channels 0 to ${inChannels - 1} once`,
        JSON.stringify(groups.channels),
      ),
    );
  if (!(Number.isSafeInteger(groups.embedDim) && groups.embedDim > 0 && groups.embedDim < embedDim))
    throw new RangeError(
      expectation(where, `channelGroups.embedDim from 1 to below embedDim ${embedDim}`, `${groups.embedDim}`),
    );
}

/**
 * Gives each group of channels a patch projection of its own, and so G tokens at each place; the tokens of a group stand
 * together.
 *
 * Shape: `[B, C, H, W] → [B, G·N, D]`, N = (H/P)·(W/P).
 * Source: Cong et al. 2022 (SatMAE), §3.3, arXiv:2207.08051.
 *
 * @throws {ShapeError} if the images are not `[B, inChannels, H, W]`.
 */
export class GroupedPatchEmbed extends Module {
  readonly groups: PatchEmbed[];
  /** `[1, G, cD]`. */
  readonly channelEmbed: Parameter;
  /** `[1, 1, cD]`. */
  readonly channelClsEmbed: Parameter | undefined;
  readonly #channels: readonly (readonly number[])[];

  constructor(options: PatchEmbedOptions, { channels, embedDim, classToken = false }: ChannelGroups) {
    super();
    this.groups = channels.map(({ length }) => new PatchEmbed({ ...options, inChannels: length }));
    this.channelEmbed = new Parameter([1, channels.length, embedDim]);
    this.channelClsEmbed = classToken ? new Parameter([1, 1, embedDim]) : undefined;
    this.#channels = channels;
  }

  forward(images: Tensor): Tensor {
    return tidy(() => {
      const ofGroup = (index: number): Tensor =>
        gather(images, tensor1d(this.#channels[index] as number[], "int32"), 1); // [B, C of the group, H, W]
      return concat(
        this.groups.map((patches, index) => patches.forward(ofGroup(index))),
        1,
      );
    });
  }

  /** Embeddings of place and group side by side, those of the class token first: `[1, 1 + N, D − cD] → [1, 1 + G·N, D]`. */
  positions(places: Tensor): Tensor {
    return tidy(() => {
      const [, groups, channelDim] = this.channelEmbed.shape as [number, number, number];
      const [, count, placeDim] = places.shape as [number, number, number];
      const patches = count - 1;
      // Repeated by adding to zeros, as in prependClsToken.
      const place = add(zeros([groups, patches, placeDim]), slice(places, [0, 1, 0]));
      const group = add(
        zeros([groups, patches, channelDim]),
        reshape(this.channelEmbed.variable, [groups, 1, channelDim]),
      );
      const ofPatches = reshape(concat([place, group], 2), [1, groups * patches, placeDim + channelDim]);
      const ofClass: Tensor = this.channelClsEmbed?.variable ?? zeros([1, 1, channelDim]);
      return concat([concat([slice(places, [0, 0, 0], [1, 1, -1]), ofClass], 2), ofPatches], 1);
    });
  }
}
