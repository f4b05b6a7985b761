import { z } from "zod";
import type { ImageTextConfig } from "./image-text-model.js";
import { parsePublished, size } from "./parse-published.js";
import { latentDecoderConfig } from "./published-decoder.js";
import { checkVisionConfig, type VisionConfig } from "./vision-config.js";

/** What of a SigLIP vision tower's config.json decides it; defaults are transformers'. */
const visionSchema = z.object({
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_channels: size.default(3),
  image_size: size,
  patch_size: size,
  hidden_act: z.literal("gelu_pytorch_tanh").default("gelu_pytorch_tanh"),
  layer_norm_eps: z.number().positive().default(1e-6),
});

/**
 * The vision tower's configuration in a published config.json, or in its `vision_config`.
 *
 * @throws {ConfigError} if a key that decides what is computed is missing or has a value that no model here has.
 */
export function visionConfig(json: unknown): VisionConfig {
  const found = parsePublished("visionConfig", visionSchema, json);
  return checkVisionConfig({
    imageSide: found.image_size,
    patchSize: found.patch_size,
    inChannels: found.num_channels,
    embedDim: found.hidden_size,
    depth: found.num_hidden_layers,
    numHeads: found.num_attention_heads,
    mlpDim: found.intermediate_size,
    normEpsilon: found.layer_norm_eps,
  });
}

/** Width of a head of the vision tower that the resampler's number of heads is counted by. */
const RESAMPLER_HEAD_WIDTH = 72;

const imageTextSchema = z.object({
  query_num: size,
  vision_config: z.unknown(),
  drop_vision_last_layer: z.boolean().default(false),
});

/**
 * The configuration in the config.json of MiniCPM-V 2.6 or FM9G4B-V, with the language model of MiniCPM3.
 *
 * @throws {ConfigError} if a key that decides what is computed is missing or has a value that no model here has.
 */
export function imageTextConfig(json: unknown): ImageTextConfig {
  const found = parsePublished("imageTextConfig", imageTextSchema, json);
  const decoder = latentDecoderConfig(json);
  const vision = visionConfig(found.vision_config);
  const { embedDim } = vision;
  return {
    decoder,
    vision: found.drop_vision_last_layer ? checkVisionConfig({ ...vision, depth: vision.depth - 1 }) : vision,
    resampler: {
      numQueries: found.query_num,
      embedDim: decoder.embedDim,
      visionDim: embedDim,
      numHeads: Math.floor(embedDim / RESAMPLER_HEAD_WIDTH),
    },
  };
}
