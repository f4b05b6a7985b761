import type { ClassifierConfig, VitConfig } from "@graticule/models";
import { z } from "zod";
import { withoutUndefined } from "./without-undefined.js";

const count = z.int().min(1);

/** The shape of a vision transformer, as imported runs carry it. */
export const vitModelConfig = z.strictObject({
  kind: z.literal("vit"),
  /** [H, W] in pixels of what the model sees. */
  imageSize: z.tuple([count, count]),
  /** P, in pixels. */
  patchSize: count,
  /** D, blocks and heads. */
  embedDim: count,
  depth: count,
  numHeads: count,
  /** Width inside the blocks' MLP. */
  mlpDim: count,
  /** Of all LayerNorms. */
  normEpsilon: z.number().gt(0),
  /** How its head takes the tokens: the class token behind `norm`, or their mean before `fc_norm`. */
  pool: z.enum(["cls", "mean"]),
  /** Whether a class token comes first; true when absent. Without it `norm` is before the mean. */
  classToken: z.boolean().optional(),
  /** Of the blocks' MLP; `gelu` when absent. */
  activation: z.enum(["gelu", "gelu-tanh"]).optional(),
  /** Groups of channels with tokens of their own (SatMAE): indices, and what tells the groups apart at each position. */
  channelGroups: z
    .strictObject({
      channels: z.array(z.array(z.int().min(0)).min(1)).min(1),
      embedDim: count,
      classToken: z.boolean().optional(),
    })
    .optional(),
  /** Classes of the head, where the weights have one. */
  numClasses: count.optional(),
});

export type VitModelConfig = z.infer<typeof vitModelConfig>;

/** The encoder that a run's configuration describes, for images of so many channels; its head, if any, is not part of it. */
export function vitConfigFor(model: VitModelConfig, inChannels: number): VitConfig {
  const { kind, numClasses, channelGroups, ...shape } = model;
  return {
    ...withoutUndefined(shape),
    inChannels,
    ...(channelGroups && { channelGroups: withoutUndefined(channelGroups) }),
  };
}

/** The settings that describe a model that was built. */
export function describeVit({ inChannels, dropPathRate, ...config }: VitConfig | ClassifierConfig): VitModelConfig {
  return vitModelConfig.parse({ kind: "vit", ...withoutUndefined(config) });
}
