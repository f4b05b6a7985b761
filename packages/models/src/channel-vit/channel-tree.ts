import { expectation } from "@graticule/core";

/** How the tokens of a group become one: a weighted sum with one weight each, or attention with a learned query. */
export type Reducer = "linear" | "cross-attention";

/**
 * A group of channels that becomes one token at each position: of channels, or of groups. The whole tree has every
 * channel once; its root's token is what the transformer sees. Each group of the root is a unit of its own, with its
 * own parameters, which one process can hold.
 */
export type ChannelTree = ChannelLeaf | ChannelBranch;

export interface ChannelLeaf {
  readonly reducer: Reducer;
  /** Positions among the images' channels. */
  readonly channels: readonly number[];
}

export interface ChannelBranch {
  readonly reducer: Reducer;
  readonly groups: readonly ChannelTree[];
}

/** `flat` is ClimaX's one cross-attention over all channels; `treeN` cuts each group in N (`tree0` not at all). */
export type TreeShape = "flat" | `tree${number}`;

export interface ChannelTreeOptions {
  /** C. */
  readonly inChannels: number;
  /** Their number, of near-equal runs of channels, or each group's channels. `flat` has none. */
  readonly groups?: number | readonly (readonly number[])[];
  /** What groups and their parts reduce with; the root is a cross-attention. */
  readonly reducer?: Reducer;
}

/**
 * The trees of D-CHAG: groups (there, one for each process) that reduce their channels in one level or two, then a
 * cross-attention over the groups' tokens.
 *
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411; Nguyen et al. 2023 (ClimaX), §3.2, arXiv:2301.10343, for `flat`.
 *
 * @throws {RangeError} if the shape is unknown, groups are missing, superfluous or too many, or a group has too few
 * channels for its parts.
 */
export function channelTree(shape: TreeShape, options: ChannelTreeOptions): ChannelTree {
  const { inChannels, groups, reducer } = options;
  const parts = shape === "flat" ? undefined : partsOf(shape);
  if (parts === undefined) {
    if (groups !== undefined || reducer !== undefined)
      throw new RangeError(
        expectation("channelTree", "no groups and no reducer for 'flat'", "some", "Leave them out."),
      );
    return checkChannelTree({ reducer: "cross-attention", channels: run(0, inChannels) }, inChannels);
  }
  if (groups === undefined || reducer === undefined)
    throw new RangeError(expectation("channelTree", `groups and a reducer for '${shape}'`, "none"));
  const lists = typeof groups === "number" ? cut(run(0, inChannels), groups) : groups;
  const branches = lists.map(
    (channels): ChannelTree =>
      parts <= 1
        ? { reducer, channels }
        : { reducer, groups: cut(channels, parts).map((part) => ({ reducer, channels: part })) },
  );
  return checkChannelTree({ reducer: "cross-attention", groups: branches }, inChannels);
}

function partsOf(shape: TreeShape): number {
  const parts = Number(/^tree(\d+)$/.exec(shape)?.[1] ?? Number.NaN);
  if (Number.isNaN(parts))
    throw new RangeError(expectation("channelTree", "'flat' or 'tree0', 'tree2', 'tree4', …", `'${shape}'`));
  return parts;
}

const run = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index);

/** Near-equal runs, the longer ones first. */
function cut(channels: readonly number[], parts: number): number[][] {
  if (!(Number.isSafeInteger(parts) && parts > 0 && parts <= channels.length))
    throw new RangeError(
      expectation("channelTree", `1 to ${channels.length} parts of ${channels.length} channels`, `${parts}`),
    );
  const [size, longer] = [Math.floor(channels.length / parts), channels.length % parts];
  return run(0, parts).map((part) => {
    const first = part * size + Math.min(part, longer);
    return channels.slice(first, first + size + (part < longer ? 1 : 0));
  });
}

/** All channels below a node, in the order of its leaves. */
export function channelsOf(tree: ChannelTree): readonly number[] {
  return "channels" in tree ? tree.channels : tree.groups.flatMap(channelsOf);
}

/** @throws {RangeError} unless each of the channels is in one leaf, and no group is empty; returns a frozen copy. */
export function checkChannelTree(tree: ChannelTree, inChannels: number): ChannelTree {
  const seen = new Set<number>();
  const copy = checked(tree, "the root");
  if (seen.size !== inChannels) {
    const missing = run(0, inChannels).find((channel) => !seen.has(channel));
    throw new RangeError(
      expectation("channelTree", `each of ${inChannels} channels in a group`, `channel ${missing} in none`),
    );
  }
  return copy;

  function checked(node: ChannelTree, name: string): ChannelTree {
    if (node.reducer !== "linear" && node.reducer !== "cross-attention")
      throw new RangeError(
        expectation("channelTree", "reducers 'linear' or 'cross-attention'", `'${String(node.reducer)}' of ${name}`),
      );
    if ("groups" in node) {
      if (node.groups.length === 0) throw new RangeError(expectation("channelTree", `groups in ${name}`, "none"));
      const groups = node.groups.map((group, index) => checked(group, `group ${index} of ${name}`));
      return Object.freeze({ reducer: node.reducer, groups: Object.freeze(groups) });
    }
    if (node.channels.length === 0) throw new RangeError(expectation("channelTree", `channels in ${name}`, "none"));
    for (const channel of node.channels) {
      if (!(Number.isSafeInteger(channel) && channel >= 0 && channel < inChannels) || seen.has(channel))
        throw new RangeError(
          expectation("channelTree", `each channel from 0 to ${inChannels - 1} once`, `${channel} in ${name}`),
        );
      seen.add(channel);
    }
    return Object.freeze({ reducer: node.reducer, channels: Object.freeze([...node.channels]) });
  }
}
