import { type ChannelTree, channelTree, type TreeShape } from "@graticule/models";
import { z } from "zod";

/** How a model of many channels makes one token of them, as fields of its configuration. */
export const channelTreeFields = {
  /** `flat`, or `tree0`, `tree2`, …, of `groups` with a reducer. */
  tree: z
    .string()
    .regex(/^(flat|tree\d+)$/, "expected flat, tree0, tree2, tree4, …")
    .default("flat"),
  groups: z.int().min(1).optional(),
  reducer: z.enum(["linear", "cross-attention"]).optional(),
} as const;

/**
 * The tree that a configuration describes, over so many channels.
 *
 * @throws {RangeError} if groups or reducer are missing, superfluous or too many.
 */
export function channelTreeFor(
  { tree, groups, reducer }: z.output<z.ZodObject<typeof channelTreeFields>>,
  inChannels: number,
): ChannelTree {
  return channelTree(tree as TreeShape, {
    inChannels,
    ...(groups !== undefined && { groups }),
    ...(reducer !== undefined && { reducer }),
  });
}
