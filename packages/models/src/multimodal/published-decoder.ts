import { ConfigError, expectation } from "@graticule/core";
import { z } from "zod";
import {
  checkDecoderConfig,
  type DecoderConfig,
  type GroupedQueryDecoderConfig,
  type LatentDecoderConfig,
} from "./decoder-config.js";
import { parsePublished, size } from "./parse-published.js";
import { publishedRope, ropeKeys } from "./published-rope.js";

/** What of any decoder's config.json decides it. Keys that a schema doesn't name change nothing that is computed here. */
const sharedKeys = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  hidden_act: z.literal("silu"),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  ...ropeKeys,
};

const latentSchema = z.object({
  ...sharedKeys,
  num_key_value_heads: size.nullish(),
  q_lora_rank: size.nullable(),
  kv_lora_rank: size,
  qk_nope_head_dim: size,
  qk_rope_head_dim: size,
  v_head_dim: size.nullish(),
  rms_norm_eps: z.number().positive(),
  scale_emb: z.number().positive(),
  scale_depth: z.number().positive(),
  dim_model_base: z.number().positive(),
  tie_word_embeddings: z.boolean().default(true),
});

/** Defaults are transformers'. */
const groupedQueryKeys = {
  ...sharedKeys,
  head_dim: size.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
};

const groupedQuerySchema = z.discriminatedUnion("model_type", [
  z.object({ model_type: z.literal("llama"), ...groupedQueryKeys, num_key_value_heads: size.nullish() }),
  z.object({
    model_type: z.literal("mistral"),
    ...groupedQueryKeys,
    num_key_value_heads: size.default(8),
    sliding_window: size.nullable().default(4096),
  }),
]);

const groupedQueryTypes: readonly unknown[] = ["llama", "mistral"];

/**
 * The language model's configuration in a published config.json: that of a Llama, of a Mistral whose window, if it has one,
 * is no shorter than its context, or MiniCPM3's keys, in a model of its own or beside those of an image-text model.
 *
 * @throws {ConfigError} if a key that decides what is computed is missing or has a value that no model here has.
 */
export function decoderConfig(json: unknown): DecoderConfig {
  const isGrouped =
    typeof json === "object" && json !== null && "model_type" in json && groupedQueryTypes.includes(json.model_type);
  return isGrouped ? groupedQueryConfig(json) : latentDecoderConfig(json);
}

/** MiniCPM3's keys. */
export function latentDecoderConfig(json: unknown): LatentDecoderConfig {
  const found = parsePublished("decoderConfig", latentSchema, json);
  const heads = found.num_attention_heads;
  if ((found.num_key_value_heads ?? heads) !== heads)
    throw new ConfigError(
      expectation(
        "decoderConfig",
        `num_key_value_heads ${heads}, as latents are all heads' own`,
        `${found.num_key_value_heads}`,
      ),
    );
  return checkDecoderConfig({
    ...sharedFields(found, found.qk_rope_head_dim),
    queryRank: found.q_lora_rank ?? undefined,
    keyValueRank: found.kv_lora_rank,
    nopeHeadDim: found.qk_nope_head_dim,
    ropeHeadDim: found.qk_rope_head_dim,
    valueHeadDim: found.v_head_dim ?? found.hidden_size / heads,
    embeddingScale: found.scale_emb,
    depthScale: found.scale_depth,
    logitBaseDim: found.dim_model_base,
  });
}

function groupedQueryConfig(json: unknown): GroupedQueryDecoderConfig {
  const found = parsePublished("decoderConfig", groupedQuerySchema, json);
  const context = found.max_position_embeddings;
  if (found.model_type === "mistral" && found.sliding_window !== null && found.sliding_window < context)
    throw new ConfigError(
      expectation(
        "decoderConfig",
        `sliding_window null, or at least ${context} tokens as the context`,
        `${found.sliding_window}`,
        "Lower max_position_embeddings to the window to use the model for texts that short.",
      ),
    );
  const headDim = found.head_dim ?? found.hidden_size / found.num_attention_heads;
  return checkDecoderConfig({
    attention: "grouped-query",
    ...sharedFields(found, headDim),
    numKeyValueHeads: found.num_key_value_heads ?? found.num_attention_heads,
    headDim,
    // All scales are 1.
    embeddingScale: 1,
    depthScale: Math.sqrt(found.num_hidden_layers),
    logitBaseDim: found.hidden_size,
  });
}

/** Fields that both kinds of attention have; positions turn so many numbers of a head. */
function sharedFields(found: z.output<typeof latentSchema> | z.output<typeof groupedQuerySchema>, turned: number) {
  return {
    vocabSize: found.vocab_size,
    embedDim: found.hidden_size,
    depth: found.num_hidden_layers,
    numHeads: found.num_attention_heads,
    mlpDim: found.intermediate_size,
    normEpsilon: found.rms_norm_eps,
    tieEmbeddings: found.tie_word_embeddings,
    ...publishedRope(found, turned),
  };
}
