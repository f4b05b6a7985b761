import type { Module } from "@graticule/nn";
import { expect, test } from "vitest";
import { decoderConfig, ForConditionalGeneration, imageTextConfig } from "../../src/index.js";

/** FM9G4B-V's, as far as it decides the model; factors of its longrope stand for 16 of each. */
const published = {
  model_type: "fm9gv",
  vocab_size: 73448,
  hidden_size: 2560,
  intermediate_size: 6400,
  num_hidden_layers: 62,
  num_attention_heads: 40,
  num_key_value_heads: 40,
  q_lora_rank: 768,
  kv_lora_rank: 256,
  qk_nope_head_dim: 64,
  qk_rope_head_dim: 32,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 32768,
  rope_scaling: {
    type: "longrope",
    long_factor: Array.from({ length: 16 }, () => 1),
    short_factor: Array.from({ length: 16 }, () => 1),
    original_max_position_embeddings: 32768,
  },
  scale_emb: 12,
  scale_depth: 1.4,
  dim_model_base: 256,
  hidden_act: "silu",
  tie_word_embeddings: false,
  query_num: 64,
  drop_vision_last_layer: false,
  vision_config: {
    hidden_size: 1152,
    image_size: 980,
    intermediate_size: 4304,
    model_type: "siglip",
    num_attention_heads: 16,
    num_hidden_layers: 27,
    patch_size: 14,
  },
};

const count = (module: Module): number => module.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);

test("the 4B model is built without storage, with the published numbers of parameters", () => {
  const model = new ForConditionalGeneration(imageTextConfig(published));
  const { embedTokens } = model.llm.model;
  expect(count(embedTokens)).toBe(73448 * 2560);
  expect(count(model.llm.model) / 1e9).toBeCloseTo(4.07, 2);
  expect(count(model.llm)).toBe(count(model.llm.model) + count(embedTokens)); // untied
  expect(count(model.vpm) / 1e9).toBeCloseTo(0.418, 3);
  expect(count(model.resampler) / 1e9).toBeCloseTo(0.036, 3);
  const tied = new ForConditionalGeneration(imageTextConfig({ ...published, tie_word_embeddings: true }));
  expect(count(model) - count(tied)).toBe(count(embedTokens));
});

test("what no model here has is refused by name", () => {
  const change = (changes: object) => () => decoderConfig({ ...published, ...changes });
  expect(change({ hidden_act: "gelu" })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got hidden_act: Invalid input: expected "silu".]`,
  );
  expect(change({ rope_scaling: { type: "yarn", factor: 4 } })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got rope_scaling.rope_type: Invalid discriminator value. Expected 'default' | 'longrope'.]`,
  );
  expect(change({ attention_bias: true, kv_lora_rank: undefined })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got kv_lora_rank: Invalid input: expected number, received undefined; attention_bias: Invalid input: expected false.]`,
  );
  expect(change({ num_key_value_heads: 8 })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected num_key_value_heads 40, as latents are all heads' own, got 8.]`,
  );
});
