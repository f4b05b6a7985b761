import { type ChannelTree, channelTree, type TreeShape } from "@graticule/models";
import { z } from "zod";

/** How a model of many channels makes one token of them, as fields of its configuration. */
export const channelTreeFields = {
  /** `flat`, one cross-attention over all channels, or `tree0`, `tree2`, …, of `groups` with a reducer. */
  tree: z
    .string()
    .regex(/^(flat|tree\d+)$/, "expected flat, tree0, tree2, tree4, …")
    .default("flat"),
  /** Of a tree alone; `flat` has none, so that `tree` can be changed by itself. */
  groups: z.int().min(1).optional(),
  reducer: z.enum(["linear", "cross-attention"]).optional(),
} as const;

/**
 * The tree that a configuration describes, over so many channels.
 *
 * @throws {RangeError} if a tree lacks groups or reducer, or has more groups than channels.
 */
export function channelTreeFor(
  { tree, groups, reducer }: z.output<z.ZodObject<typeof channelTreeFields>>,
  inChannels: number,
): ChannelTree {
  return channelTree(tree as TreeShape, {
    inChannels,
    ...(tree !== "flat" && groups !== undefined && { groups }),
    ...(tree !== "flat" && reducer !== undefined && { reducer }),
  });
}
