import { ConfigError, expectation } from "@graticule/core";
import { z } from "zod";
import { checkDecoderConfig, type DecoderConfig } from "./decoder-config.js";
import type { ImageTextConfig } from "./image-text-model.js";
import { checkVisionConfig, type VisionConfig } from "./vision-config.js";

const size = z.int().positive();
const factors = z.array(z.number().positive());

/** Rotary positions, under the name that transformers 4 or 5 gives them. */
const rope = z.discriminatedUnion("rope_type", [
  z.object({ rope_type: z.literal("default"), rope_theta: z.number().positive().optional() }),
  z.object({
    rope_type: z.literal("longrope"),
    rope_theta: z.number().positive().optional(),
    short_factor: factors,
    long_factor: factors,
    original_max_position_embeddings: size,
    factor: z.number().positive().nullish(),
  }),
]);

const ropeOfEitherName = z.preprocess((value) => {
  if (typeof value !== "object" || value === null || "rope_type" in value || !("type" in value)) return value;
  return { ...value, rope_type: value.type };
}, rope);

/** What of a config.json decides the language model. Keys that it doesn't name change nothing that is computed here. */
const decoderSchema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  q_lora_rank: size.nullable(),
  kv_lora_rank: size,
  qk_nope_head_dim: size,
  qk_rope_head_dim: size,
  v_head_dim: size.nullish(),
  rms_norm_eps: z.number().positive(),
  max_position_embeddings: size,
  scale_emb: z.number().positive(),
  scale_depth: z.number().positive(),
  dim_model_base: z.number().positive(),
  tie_word_embeddings: z.boolean().default(true),
  hidden_act: z.literal("silu"),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  rope_theta: z.number().positive().optional(),
  rope_scaling: ropeOfEitherName.nullish(),
  rope_parameters: ropeOfEitherName.nullish(),
});

/** Reads a part of a config.json; `where` opens the error's message. */
export function parsePublished<S extends z.ZodType>(where: string, schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the whole"}: ${message}`);
  throw new ConfigError(expectation(where, "a config.json of a model that is built here", faults.join("; ")));
}

/** transformers' default where a file names no base of the frequencies. */
const ROPE_THETA = 10_000;

/**
 * The language model's configuration in a published config.json: MiniCPM3's keys, in a model of its own or beside those of
 * an image-text model.
 *
 * @throws {ConfigError} if a key that decides what is computed is missing or has a value that no model here has.
 */
export function decoderConfig(json: unknown): DecoderConfig {
  const found = parsePublished("decoderConfig", decoderSchema, json);
  const heads = found.num_attention_heads;
  if ((found.num_key_value_heads ?? heads) !== heads)
    throw new ConfigError(
      expectation(
        "decoderConfig",
        `num_key_value_heads ${heads}, as latents are all heads' own`,
        `${found.num_key_value_heads}`,
      ),
    );
  const rope = found.rope_parameters ?? found.rope_scaling;
  return checkDecoderConfig({
    vocabSize: found.vocab_size,
    embedDim: found.hidden_size,
    depth: found.num_hidden_layers,
    numHeads: heads,
    mlpDim: found.intermediate_size,
    queryRank: found.q_lora_rank ?? undefined,
    keyValueRank: found.kv_lora_rank,
    nopeHeadDim: found.qk_nope_head_dim,
    ropeHeadDim: found.qk_rope_head_dim,
    valueHeadDim: found.v_head_dim ?? found.hidden_size / heads,
    normEpsilon: found.rms_norm_eps,
    ropeTheta: rope?.rope_theta ?? found.rope_theta ?? ROPE_THETA,
    longRope:
      rope?.rope_type === "longrope"
        ? {
            shortFactors: rope.short_factor,
            longFactors: rope.long_factor,
            originalContext: rope.original_max_position_embeddings,
            growth: rope.factor ?? found.max_position_embeddings / rope.original_max_position_embeddings,
          }
        : undefined,
    contextLength: found.max_position_embeddings,
    embeddingScale: found.scale_emb,
    depthScale: found.scale_depth,
    logitBaseDim: found.dim_model_base,
    tieEmbeddings: found.tie_word_embeddings,
  });
}

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
  const decoder = decoderConfig(json);
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
