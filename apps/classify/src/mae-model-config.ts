import { type MaeConfig, maeConfig, vitPresets } from "@graticule/models";
import { z } from "zod";
import { withoutUndefined } from "./without-undefined.js";

const width = z.int().min(1).optional();
const presets = Object.keys(vitPresets) as (keyof typeof vitPresets)[];

/** The shape of a masked autoencoder and its task, as runs and checkpoints carry it. */
export const maeModelConfig = z.strictObject({
  kind: z.literal("mae").default("mae"),
  /** Encoder size. Source: Tsaris et al. 2024, Table I, arXiv:2404.11706. */
  preset: z.enum(presets),
  /** [H, W] in pixels of what the model sees. */
  imageSize: z.tuple([z.int().min(1), z.int().min(1)]),
  /** P, in pixels; the preset's when absent. */
  patchSize: width,
  /** D, blocks and heads where they differ from the preset. */
  embedDim: width,
  depth: width,
  numHeads: width,
  mlpDim: width,
  /** Decoder, 512 × 8 × 16 in the paper. Source: He et al. 2022, §4.1, arXiv:2111.06377. */
  decoderEmbedDim: z.int().min(1).default(512),
  decoderDepth: z.int().min(1).default(8),
  decoderNumHeads: z.int().min(1).default(16),
  /** Four times the decoder's width when absent. */
  decoderMlpDim: width,
  /** Of all LayerNorms; 1e-6, as in the paper's code, when absent. */
  normEpsilon: z.number().gt(0).optional(),
  /** Share of patches hidden from the encoder. Source: as above, §4.1. */
  maskRatio: z.number().gt(0).lt(1).default(0.75),
  /** Targets are normalized within each patch. Source: as above, §4.1. */
  normPix: z.boolean().default(true),
});

export type MaeModelConfig = z.infer<typeof maeModelConfig>;

/**
 * The model that a run's configuration describes, for images of so many channels.
 *
 * @throws {RangeError} if the result is not a model that can be built.
 */
export function maeConfigFor(model: MaeModelConfig, inChannels: number): MaeConfig {
  const { kind, preset, maskRatio, normPix, ...shape } = model;
  const mlpDim = shape.mlpDim ?? (shape.embedDim && 4 * shape.embedDim);
  return maeConfig(preset, withoutUndefined({ ...shape, inChannels, mlpDim }));
}
