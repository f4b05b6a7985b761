import { Module } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ChannelInput, GroupToken } from "./channel-group.js";
import { rowsOfChannels } from "./channel-mask.js";

/** How processes divide the groups of a root among them: each makes the tokens of its own and gets all. */
export interface GroupSharing {
  /** The groups that this process makes, rising. */
  readonly own: readonly number[];
  /** Passes what all processes have alike to groups that one of them has. */
  readonly enter: (x: Tensor) => Tensor;
  /** The tokens of n own groups → those of all G groups: `[R, n, D] → [R, G, D]`. */
  readonly gather: (tokens: Tensor) => Tensor;
}

/** In place of a group that another process has: no parameters, no token. */
export class AbsentGroup extends Module {
  readonly #channels: readonly number[];

  constructor(channels: readonly number[]) {
    super();
    this.#channels = channels;
  }

  forward({ seen }: ChannelInput): GroupToken | undefined {
    if (!this.#channels.some((channel) => seen.present[channel])) return undefined;
    return { token: undefined, any: seen.rows && rowsOfChannels(seen.rows, seen.present.length, this.#channels).any };
  }
}

/** What groups of one process see of a batch that all have. */
export function enterGroups(input: ChannelInput, { enter }: GroupSharing): ChannelInput {
  const { images, condition } = input;
  return { ...input, images: enter(images), ...(condition && { condition: enter(condition) }) };
}
