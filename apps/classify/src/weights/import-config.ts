import { z } from "zod";
import { dataConfig } from "../data-config.js";
import { normalizations } from "./named-families.js";

const count = z.int().min(1);
const imageSize = z.tuple([count, count]);

/** What a model's channel measures, with the mean and std that its weights were trained with, in the data's own units. */
const channelConfig = z.strictObject({
  name: z.string().min(1),
  unit: z.string().optional(),
  wavelengthNm: z.number().gt(0).optional(),
  mean: z.number(),
  std: z.number().gt(0),
});

/** Everything that decides how published weights become a run. */
export const importConfig = z.strictObject({
  /** Decides what the run draws later, such as a random encoder beside it. */
  seed: z.int().min(0).default(0),
  /** What probe and finetune read unless they are told otherwise. */
  data: dataConfig.default({
    ...{ kind: "image-folder", root: ".", splitFractions: { train: 0.8, val: 0.1, test: 0.1 }, splitSeed: 0 },
  }),
  /** Entry of a .pth file that is the state dict, such as `model`; the only one that holds tensors when absent. */
  key: z.string().optional(),
  /** What the file's names begin with, such as `module.`, and the family's don't. */
  prefix: z.string().default(""),
  /** Patterns of tensors to leave out, in the file's names. */
  skip: z.array(z.string()).default([]),
  /** [H, W] in pixels that the weights were trained at; a square when absent. */
  imageSize: imageSize.optional(),
  /** [H, W] in pixels that the model is to see; `imageSize` when absent. */
  toImageSize: imageSize.optional(),
  /** Heads of attention; those of the preset as wide, and of the paper's decoder, when absent. */
  numHeads: count.optional(),
  decoderNumHeads: count.optional(),
  /** Of all LayerNorms; the family's when absent. */
  normEpsilon: z.number().gt(0).optional(),
  /** Published channels with their mean and std; the family's when absent. */
  normalization: z.enum(Object.keys(normalizations) as (keyof typeof normalizations)[]).optional(),
  /** What the data calls these channels; their published names when absent. */
  channelNames: z.array(z.string().min(1)).optional(),
  /** Indices of the channels in each group, for `satmae`; those of its ten bands when absent. */
  channelGroups: z
    .array(z.array(z.int().min(0)).min(1))
    .min(1)
    .optional(),
  /** The model's channels where they are others. */
  channels: z.array(channelConfig).min(1).optional(),
  /** How the patch projection becomes one of these channels, where the weights have others. */
  adaptChannels: z.enum(["repeat", "average", "wavelength"]).optional(),
  /** Wavelengths of the weights' channels, for `wavelength`. Units: nm. */
  fromWavelengthsNm: z.array(z.number().gt(0)).optional(),
});

export type ImportConfig = z.infer<typeof importConfig>;
